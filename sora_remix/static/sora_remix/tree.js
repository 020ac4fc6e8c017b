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
    let turned = ""; // what was opened or closed last stays where it is
    let wanted = window.location.search;
    let show;
    let flipped;

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
    window.addEventListener("popstate", () => {
        const { search } = window.location;
        if (search !== wanted) {
            draw(turned, search);
        }
    });
    readDrawing();
    foldList();
    lookAtCurrent();

    function drawing() {
        return canvas.querySelector("svg");
    }

    function readDrawing() {
        const { dataset } = drawing();
        show = dataset.show;
        flipped = new Set(dataset.flip.split("-").filter(Boolean));
    }

    function isPlain({ button, ctrlKey, metaKey, shiftKey, altKey }) {
        return button === 0 && !(ctrlKey || metaKey || shiftKey || altKey);
    }

    function turn(key) {
        flipped[flipped.has(key) ? "delete" : "add"](key);
        turned = key;
        draw(key);
    }

    function query() {
        const flips = flipped.size ? { flip: [...flipped].join("-") } : {};
        return `?${new URLSearchParams({ show, ...flips })}`;
    }

    async function draw(key, search = query()) {
        wanted = search;
        underway?.abort();
        underway = new AbortController();
        const { signal } = underway;
        canvas.setAttribute("aria-busy", "true");
        try {
            const asked = new URLSearchParams(search);
            asked.set("part", "drawing");
            const response = await fetch(`?${asked}`, { signal });
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            const fresh = page.querySelector("svg.sora-remix-tree");
            if (!fresh) {
                throw new Error(`HTTP ${response.status}`);
            }
            put(fresh, key);
            keep(search);
        } catch {
            if (!signal.aborted) {
                window.location.assign(window.location.pathname + search); // which says what is wrong
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
        const after = boxOf(key);
        if (before && after) {
            canvas.scrollBy(after.left - before.left, after.top - before.top);
        } else if (!key) {
            lookAtCurrent();
        }
    }

    /* Each drawing is a step to go back by, as the links are without this script. */
    function keep(search) {
        if (search !== window.location.search) {
            window.history.pushState(null, "", window.location.pathname + search);
        }
        readDrawing();
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
