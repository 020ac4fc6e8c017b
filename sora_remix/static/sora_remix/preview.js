/* Plays the first seconds of a video when the pointer is over its thumbnail. */
"use strict";

(() => {
    const LONGEST = 5000; // milliseconds; a longer animation would need a stop button
    const PATIENCE = 150; // milliseconds, so that a pointer passing over loads nothing
    const still = matchMedia("(prefers-reduced-motion: reduce)");
    const untouched = matchMedia("(hover: hover)");
    let playing = null;
    let waiting = 0;

    document.addEventListener("pointerover", ({ target, pointerType }) => {
        const preview = target.closest?.(".sora-remix-preview");
        if (preview && pointerType !== "touch" && !still.matches) {
            soon(preview);
        }
    });
    document.addEventListener("pointerout", ({ target, relatedTarget }) => {
        const preview = target.closest?.(".sora-remix-preview");
        if (preview && !preview.contains(relatedTarget)) {
            stop();
        }
    });
    document.addEventListener("focusin", ({ target }) => {
        const preview = ofLink(target);
        if (preview && !still.matches && target.matches(":focus-visible")) {
            soon(preview);
        }
    });
    document.addEventListener("focusout", ({ target }) => ofLink(target) && stop());
    document.addEventListener("keydown", ({ key }) => key === "Escape" && stop());
    document.addEventListener("visibilitychange", () => document.hidden && stop());
    document.addEventListener("click", ({ target }) => {
        const button = target.closest?.(".sora-remix-preview-button");
        if (button) {
            play(of(button.previousElementSibling));
        }
    });
    document.addEventListener("DOMContentLoaded", () => {
        addButtons();
        new MutationObserver(addButtons).observe(document.body, { childList: true, subtree: true });
    });
    still.addEventListener("change", addButtons);

    function of(element) {
        return element.matches(".sora-remix-preview") ? element : element.querySelector(".sora-remix-preview");
    }

    /* Finds the thumbnail in a link, next to it, in its card, or in its row. */
    function ofLink(target) {
        if (!target.matches?.("a")) {
            return null;
        }
        const around = target.closest(".sora-remix-beside, .sora-remix-card") ?? target.closest("th")?.closest("tr");
        return of(target) ?? (around ? of(around) : null);
    }

    /* Adds a button for touch screens and for people who prefer less motion, never inside a link. */
    function addButtons() {
        if (untouched.matches && !still.matches) {
            return;
        }
        for (const preview of document.querySelectorAll(".sora-remix-preview:not([data-has-button])")) {
            preview.dataset.hasButton = "";
            const button = document.createElement("button");
            button.type = "button";
            button.className = "sora-remix-preview-button";
            button.setAttribute("aria-label", preview.dataset.preview);
            (preview.closest("a") ?? preview).after(button);
        }
    }

    function soon(preview) {
        if (playing?.preview === preview) {
            return;
        }
        stop();
        waiting = setTimeout(play, PATIENCE, preview);
    }

    function play(preview) {
        stop();
        const screen = document.createElement("span");
        screen.className = "sora-remix-preview-screen";
        screen.setAttribute("aria-hidden", "true");
        preview.append(screen);
        const video = document.createElement("video");
        screen.append(video);
        const shown = { preview, screen, video, timer: 0 };
        playing = shown;
        start(shown);
    }

    function stop() {
        clearTimeout(waiting);
        if (!playing) {
            return;
        }
        clearTimeout(playing.timer);
        playing.video.removeAttribute("src"); // stops the download
        playing.video.load();
        playing.screen.remove();
        playing = null;
    }

    function start(shown) {
        const { preview, video } = shown;
        video.muted = true;
        video.playsInline = true;
        video.disableRemotePlayback = true;
        video.src = preview.dataset.video;
        const end = () => playing === shown && stop();
        video.addEventListener("ended", end);
        video.addEventListener("error", end);
        video.addEventListener("playing", () => {
            clearTimeout(shown.timer);
            shown.timer = setTimeout(end, LONGEST);
        });
        video.play().catch(end);
    }
})();
