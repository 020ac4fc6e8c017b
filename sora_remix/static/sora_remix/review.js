/* Keys for the review of videos: each presses what stands on the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("sora-remix-review");
    const video = document.querySelector(".sora-remix-review video");
    const note = document.getElementById("sora-remix-note");
    const usesKeys = document.getElementById("sora-remix-keys");
    let isSent = false; // the next page is on its way: nothing is decided twice

    usesKeys.checked = remembered() !== "off";
    usesKeys.addEventListener("change", () => remember(usesKeys.checked ? "on" : "off"));

    form?.addEventListener("submit", (event) => {
        if (isSent) {
            event.preventDefault();
        }
        isSent = true;
    });
    window.addEventListener("pageshow", () => {
        isSent = false;
    });
    document.addEventListener("keydown", (event) => {
        if (event.key === "Escape" && event.target === note) {
            note.blur();
            return;
        }
        if (event.ctrlKey || event.altKey || event.metaKey || event.repeat || isTaken(event)) {
            return;
        }
        if (isSent || !usesKeys.checked) {
            return;
        }
        if (press(event.key)) {
            event.preventDefault();
        }
    });

    /* Fields need their letters, and what has the focus its own keys. */
    function isTaken({ key, target }) {
        if (target.closest("input:not([type=checkbox]), textarea, select, [contenteditable]")) {
            return true;
        }
        const isLetter = key.length === 1 && key !== " ";
        return !isLetter && Boolean(target.closest("a, button, summary, input, video"));
    }

    function press(key) {
        const wanted = key.length === 1 ? key.toLowerCase() : key;
        const decision = { a: "approve", r: "reject" }[wanted];
        if (decision && form) {
            form.requestSubmit(form.querySelector(`[value="${decision}"]`));
        } else if (wanted === "n" && note) {
            note.focus();
        } else if (wanted === " " && video) {
            play();
        } else {
            return follow(wanted);
        }
        return true;
    }

    function play() {
        if (video.paused) {
            video.play().catch(() => {});
        } else {
            video.pause();
        }
    }

    function follow(wanted) {
        const links = [...document.querySelectorAll("[data-key]")];
        const link = links.find(({ dataset }) => dataset.key.split(",").includes(wanted));
        link?.click();
        return Boolean(link);
    }

    /* For this page and for the one that compares. */
    function remembered() {
        try {
            return localStorage.getItem("sora-remix-keys");
        } catch {
            return null;
        }
    }

    function remember(value) {
        try {
            localStorage.setItem("sora-remix-keys", value);
        } catch {
            // Kept for this page alone.
        }
    }
});
