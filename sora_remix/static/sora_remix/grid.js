/* Selects rows, columns or the whole grid, and marks the buttons that the selection allows.
   Without this script, each cell has its own checkbox, and all buttons can be pressed. */
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
    grid.addEventListener("click", (event) => {
        if (event.target.closest("[data-unavailable][aria-disabled]")) {
            event.preventDefault();
        }
    });
    document.addEventListener("sora-remix-progress", show);
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
        const selected = [...grid.querySelectorAll("[name=cell]:checked")];
        const said = document.getElementById("sora-remix-selected");
        if (said) {
            said.textContent = said.dataset.selected.replace("%(many)s", selected.length);
        }
        for (const button of grid.querySelectorAll("[data-unavailable]")) {
            mark(button, isAllowed(button, selected));
        }
    }

    /* One cell is enough, except for what takes only so many of them. */
    function isAllowed({ value, dataset }, selected) {
        const many = selected.filter((cell) => allows(cell, value)).length;
        return many > 0 && (!dataset.most || (many === selected.length && many <= Number(dataset.most)));
    }

    function allows(cell, action) {
        const { dataset } = cell.parentElement.querySelector("[data-allows]");
        return dataset.allows.split(" ").includes(action);
    }

    /* Keeps the focus and the name, unlike a disabled button, and says what to select. */
    function mark(button, isActive) {
        if (isActive) {
            button.removeAttribute("aria-disabled");
            button.removeAttribute("title");
        } else {
            button.setAttribute("aria-disabled", "true");
            button.title = button.dataset.unavailable;
        }
    }
});
