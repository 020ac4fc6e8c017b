/* Goes on where the address of a picture or video has run out: `data-renew` leads to a fresh one. */
"use strict";

(() => {
    if (window.soraRemixRenews) {
        return; // a page may name this script for each of its players
    }
    window.soraRemixRenews = true;
    const TRIES = 3; // at the same place, for an address may run out while a slow network loads it
    const PAUSE = 30000; // milliseconds after which they are counted anew
    const FURTHER = 0.5; // seconds of a video, after which it is no longer the same
    const tried = new WeakMap();

    document.addEventListener("error", ({ target }) => renew(target), true);
    document.addEventListener("load", ({ target }) => tried.delete(target), true);
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

    /* What fails again at the same place is gone, or damaged: no address helps. */
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

    /* Keeps the place, and what was set by hand, through the change of the address. */
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
