/* Boxes that select a row, a column or all of the grid of a batch. Without it, each cell has its own. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.querySelector("#sora-remix-grid form");
    if (!form) {
        return;
    }
    for (const label of form.querySelectorAll(".sora-remix-all")) {
        label.hidden = false;
    }
    form.addEventListener("change", ({ target }) => {
        if (target.dataset.all) {
            for (const cell of cellsOf(target)) {
                cell.checked = target.checked;
            }
        }
        show();
    });
    window.addEventListener("pageshow", show);
    show();

    function cellsOf({ dataset }) {
        const { all, row, column } = dataset;
        const one = { row: `[data-row="${row}"]`, column: `[data-column="${column}"]` }[all] ?? "";
        return [...form.querySelectorAll(`[name=cell]${one}`)];
    }

    function show() {
        for (const box of form.querySelectorAll("[data-all]")) {
            const cells = cellsOf(box);
            const many = cells.filter((cell) => cell.checked).length;
            box.checked = many > 0 && many === cells.length;
            box.indeterminate = many > 0 && many < cells.length;
        }
        const said = document.getElementById("sora-remix-selected");
        if (said) {
            const many = form.querySelectorAll("[name=cell]:checked").length;
            said.textContent = said.dataset.selected.replace("%(many)s", many);
        }
    }
});
