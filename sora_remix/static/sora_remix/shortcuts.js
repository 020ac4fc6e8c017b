/* Keys of a page, which people can switch off for all pages. What has the focus keeps its own keys. */
"use strict";

(() => {
    const NAME = "sora-remix-keys";
    const FIELDS = "[contenteditable], textarea, select, input:not([type=range], [type=checkbox])";
    const BUTTONS = "button, summary, a[href], [type=checkbox], video[controls]";

    window.soraRemix ??= {};

    /* Calls `press` with the key and whether it is held down; true: the key is used. */
    window.soraRemix.useKeys = (press) => {
        const box = document.getElementById(NAME);
        box.checked = remembered() !== "off";
        box.addEventListener("change", () => remember(box.checked ? "on" : "off"));
        document.addEventListener("keydown", (event) => {
            const hasModifier = event.ctrlKey || event.altKey || event.metaKey;
            if (!box.checked || hasModifier || event.defaultPrevented || event.isComposing || isTaken(event)) {
                return;
            }
            const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
            if (press(key, event.repeat)) {
                event.preventDefault();
            }
        });
    };

    function isTaken({ key, target }) {
        if (target.closest(FIELDS)) {
            return true;
        }
        const isMove = /^(Arrow|Home|End)/.test(key);
        return (key === " " && Boolean(target.closest(BUTTONS))) || (isMove && target.matches("[type=range], video[controls]"));
    }

    function remembered() {
        try {
            return localStorage.getItem(NAME);
        } catch {
            return null;
        }
    }

    function remember(value) {
        try {
            localStorage.setItem(NAME, value);
        } catch {
            // Kept for this page alone.
        }
    }
})();
