/* Keeps what is selected: Wagtail loads the same results again once its search field is left. */
"use strict";

(() => {
    const BOXES = "#listing-results input[type=checkbox][name]";
    const key = ({ name, value }) => `${name} ${value}`;
    let selected = new Set();

    document.addEventListener("change", ({ target }) => {
        if (target.matches(BOXES)) {
            remember();
        }
    });
    document.addEventListener("w-swap:success", () => {
        document.querySelectorAll(BOXES).forEach((box) => {
            box.checked = selected.has(key(box));
        });
        remember();
    });

    function remember() {
        selected = new Set([...document.querySelectorAll(`${BOXES}:checked`)].map(key));
    }
})();
