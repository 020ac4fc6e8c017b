/* Goes on where the address of a picture or video has run out: `data-renew` leads to a fresh one. */
"use strict";

(() => {
    if (window.soraRemixRenews) {
        return; // a page may name this script for each of its players
    }
    window.soraRemixRenews = true;
    const tried = new WeakSet();

    document.addEventListener("error", ({ target }) => renew(target), true);
    for (const name of ["load", "loadeddata"]) {
        document.addEventListener(name, ({ target }) => tried.delete(target), true);
    }
    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", renewBroken);
    } else {
        renewBroken();
    }

    /* Some may have failed before this script was there to hear of it. */
    function renewBroken() {
        for (const one of document.querySelectorAll("[data-renew]")) {
            if (one.error || (one.complete && one.naturalWidth === 0)) {
                renew(one);
            }
        }
    }

    /* Once: what fails again without having come is really gone. */
    function renew(one) {
        if (!(one instanceof HTMLElement) || !one.dataset.renew || tried.has(one)) {
            return;
        }
        tried.add(one);
        if (one instanceof HTMLMediaElement) {
            goOn(one);
        }
        one.src = one.dataset.renew;
    }

    /* Keeps the place, and what was set by hand, through the change of the address. */
    function goOn(video) {
        const { currentTime, paused, playbackRate } = video;
        const resume = () => {
            video.currentTime = currentTime;
            video.playbackRate = playbackRate;
            if (!paused) {
                video.play().catch(() => {});
            }
        };
        video.addEventListener("loadedmetadata", resume, { once: true });
    }
})();
