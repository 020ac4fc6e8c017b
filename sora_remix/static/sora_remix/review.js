/* Keys for the review of videos: each presses what stands on the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const form = document.getElementById("sora-remix-review");
    const video = document.querySelector(".sora-remix-review video");
    const note = document.getElementById("sora-remix-note");
    let isSent = false; // the next page is on its way: nothing is decided or started twice

    document.addEventListener("submit", (event) => {
        if (isSent) {
            event.preventDefault();
        }
        isSent = true;
    });
    window.addEventListener("pageshow", () => {
        isSent = false;
    });
    note?.addEventListener("keydown", ({ key }) => key === "Escape" && note.blur());
    window.soraRemix.useKeys((key, isHeld) => !isSent && !isHeld && press(key));

    function press(key) {
        const decision = { a: "approve", r: "reject" }[key];
        if (decision && form) {
            form.requestSubmit(form.querySelector(`[value="${decision}"]`));
        } else if (key === "n" && note) {
            note.focus();
        } else if (key === " " && video) {
            play();
        } else {
            return follow(key);
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

    function follow(key) {
        const links = [...document.querySelectorAll("[data-key]")];
        const link = links.find(({ dataset }) => dataset.key.split(",").includes(key));
        link?.click();
        return Boolean(link);
    }
});
