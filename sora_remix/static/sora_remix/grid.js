/* Checkboxes that select a row, a column or the whole grid. Without this script, each cell has its own. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const grid = document.getElementById("sora-remix-grid");
    if (!grid) {
        return;
    }
    for (const label of grid.querySelectorAll(".sora-remix-all")) {
        label.hidden = false;
    }
    grid.addEventListener("change", ({ target }) => {
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
        return [...grid.querySelectorAll(`[name=cell]${one}`)];
    }

    function show() {
        for (const box of grid.querySelectorAll("[data-all]")) {
            const cells = cellsOf(box);
            const many = cells.filter((cell) => cell.checked).length;
            box.checked = many > 0 && many === cells.length;
            box.indeterminate = many > 0 && many < cells.length;
        }
        const said = document.getElementById("sora-remix-selected");
        if (said) {
            const many = grid.querySelectorAll("[name=cell]:checked").length;
            said.textContent = said.dataset.selected.replace("%(many)s", many);
        }
    }
});
