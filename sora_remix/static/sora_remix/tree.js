/* Opens and closes parts of a tree without leaving the page. Without it, links do. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const canvas = document.getElementById("sora-remix-tree");
    const list = document.querySelector(".sora-remix-family");
    const said = document.getElementById("sora-remix-tree-said");
    if (!canvas || !list) {
        return;
    }
    let underway = null;
    let { show, flip } = drawing().dataset;
    const flipped = new Set(flip.split("-").filter(Boolean));

    canvas.addEventListener("click", (event) => {
        const toggle = event.target.closest("[data-toggle]");
        if (toggle && isPlain(event)) {
            event.preventDefault();
            canvas.focus({ preventScroll: true }); // the toggle will be another one
            turn(toggle.dataset.toggle);
        }
    });
    list.addEventListener(
        "toggle",
        ({ target }) => {
            if (target.dataset.drawn !== String(target.open)) {
                target.dataset.drawn = target.open;
                turn(target.dataset.node);
            }
        },
        true, // it does not bubble
    );
    for (const link of document.querySelectorAll("a[data-show]")) {
        link.addEventListener("click", (event) => {
            if (isPlain(event)) {
                event.preventDefault();
                show = link.dataset.show;
                flipped.clear();
                draw();
            }
        });
    }
    foldList();
    lookAtCurrent();

    function drawing() {
        return canvas.querySelector("svg");
    }

    function isPlain({ button, ctrlKey, metaKey, shiftKey, altKey }) {
        return button === 0 && !(ctrlKey || metaKey || shiftKey || altKey);
    }

    function turn(key) {
        flipped[flipped.has(key) ? "delete" : "add"](key);
        draw(key);
    }

    function address(more = {}) {
        const flips = flipped.size ? { flip: [...flipped].join("-") } : {};
        return `${window.location.pathname}?${new URLSearchParams({ show, ...flips, ...more })}`;
    }

    async function draw(key) {
        underway?.abort();
        underway = new AbortController();
        const { signal } = underway;
        canvas.setAttribute("aria-busy", "true");
        try {
            const response = await fetch(address({ part: "drawing" }), { signal });
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            const fresh = page.querySelector("svg.sora-remix-tree");
            if (!fresh) {
                throw new Error(`HTTP ${response.status}`);
            }
            put(fresh, key);
        } catch {
            if (!signal.aborted) {
                window.location.assign(address()); // which says what is wrong
            }
        } finally {
            if (!signal.aborted) {
                canvas.removeAttribute("aria-busy");
            }
        }
    }

    function put(fresh, key) {
        const before = boxOf(key);
        drawing().replaceWith(fresh);
        foldList();
        said.textContent = fresh.dataset.said;
        window.history.replaceState(null, "", address());
        const after = boxOf(key);
        if (before && after) {
            canvas.scrollBy(after.left - before.left, after.top - before.top);
        } else if (!key) {
            lookAtCurrent();
        }
    }

    /* What is closed in the drawing is closed in the list. */
    function foldList() {
        const closed = new Set(drawing().dataset.closed.split("-"));
        for (const details of list.querySelectorAll("details")) {
            const isOpen = !closed.has(details.dataset.node);
            details.dataset.drawn = isOpen;
            details.open = isOpen;
        }
    }

    function boxOf(key) {
        return document.getElementById(`sora-remix-node-${key}`)?.getBoundingClientRect();
    }

    function lookAtCurrent() {
        const box = canvas.querySelector(".sora-remix-current")?.getBoundingClientRect();
        if (box) {
            const { left, top } = canvas.getBoundingClientRect();
            const x = box.left - left - (canvas.clientWidth - box.width) / 3;
            const y = box.top - top - (canvas.clientHeight - box.height) / 3;
            canvas.scrollBy(x, y);
        }
    }
});
