/* Renews expired URLs of images and videos: `data-renew` redirects to a fresh one. */
"use strict";

(() => {
    if (window.soraRemixRenews) {
        return; // a page may load this script for each of its players
    }
    window.soraRemixRenews = true;
    const TRIES = 3; // at the same position, because a URL may expire while a slow network loads it
    const PAUSE = 30000; // milliseconds after which the count restarts
    const FURTHER = 0.5; // seconds; a greater distance is another position
    const tried = new WeakMap();

    document.addEventListener("error", ({ target }) => renew(target), true);
    document.addEventListener("load", ({ target }) => tried.delete(target), true);
    if (document.readyState === "loading") {
        document.addEventListener("DOMContentLoaded", renewBroken);
    } else {
        renewBroken();
    }

    /* Handles errors from before this script was loaded. */
    function renewBroken() {
        for (const one of document.querySelectorAll("[data-renew]")) {
            if (one.error || (one.complete && one.naturalWidth === 0)) {
                renew(one);
            }
        }
    }

    /* If it fails repeatedly at the same position, the file is missing or broken, and no URL helps. */
    function renew(one) {
        if (!(one instanceof HTMLElement) || !one.dataset.renew) {
            return;
        }
        const before = tried.get(one);
        const place = before?.isLoading ? before.place : (one.currentTime ?? 0);
        const isSame = before && Date.now() - before.when < PAUSE && Math.abs(place - before.place) < FURTHER;
        const now = { when: Date.now(), place, isLoading: true, tries: isSame ? before.tries + 1 : 1 };
        if (now.tries > TRIES) {
            return;
        }
        tried.set(one, now);
        if (one instanceof HTMLMediaElement) {
            goOn(one, now);
        }
        one.src = one.dataset.renew;
    }

    /* Keeps position, speed and playback when the URL changes. */
    function goOn(video, now) {
        const { paused, playbackRate } = video;
        const resume = () => {
            now.isLoading = false;
            video.currentTime = now.place;
            video.playbackRate = playbackRate;
            if (!paused) {
                video.play().catch(() => {});
            }
        };
        video.addEventListener("loadedmetadata", resume, { once: true });
        if (video.dataset.renewPoster) {
            video.poster = video.dataset.renewPoster;
        }
    }
})();
