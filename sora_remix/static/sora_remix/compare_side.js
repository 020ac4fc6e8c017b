/* One of the two videos of a comparison: what it can show, and where it is sent. */
"use strict";

(() => {
    const SLOWEST = 1 / 16; // slower than this no browser plays
    const AT_START = 2; // value of readyState: what is here can be shown
    const AHEAD = 3; // and what comes next, too

    window.soraRemix ??= {};
    window.soraRemix.ComparedSide = class {
        #element;
        #pending = null; // where the next seek leads

        constructor(element) {
            this.#element = element;
            this.video = element.querySelector("video");
            this.name = element.dataset.side;
            this.fps = Number(this.video.dataset.fps) || 30;
            this.frame = 1 / this.fps; // seconds
            this.isBroken = false;
            this.video.controls = false;
        }

        /* Calls `onLoaded` when its length and shape are known; `texts` say why it can't be used. */
        listen(texts, onLoaded) {
            const { video } = this;
            const fail = () => this.#tell(texts.broken);
            const load = () => {
                this.#tell(this.#isFixed ? texts.fixed : "");
                onLoaded(this);
            };
            video.addEventListener("error", fail);
            video.addEventListener("loadedmetadata", load);
            video.addEventListener("seeked", () => this.#pending !== null && this.seek(this.#pending));
            if (video.error) { // it may have been faster than this script
                fail();
            } else if (video.readyState > 0) {
                load();
            }
        }

        get length() {
            return Number.isFinite(this.video.duration) ? this.video.duration : 0;
        }

        get time() {
            return this.video.currentTime;
        }

        get isSeeking() {
            return this.video.seeking || this.#pending !== null;
        }

        /* At the end nothing comes next that would have to be here. */
        get isReady() {
            const isLast = this.length > 0 && this.time >= this.length - 2 * this.frame;
            return !this.isSeeking && this.video.readyState >= (isLast ? AT_START : AHEAD);
        }

        get hasMoved() {
            return this.time > this.startedAt;
        }

        /* At its very end a video has no frame. */
        inside(time, length = this.length) {
            return Math.max(0, Math.min(time, length - this.frame / 2));
        }

        /* At most one seek is on its way: the last one wins. */
        seek(time) {
            const { video } = this;
            this.#pending = time;
            if (video.readyState > 0 && !video.seeking) {
                this.#pending = null;
                video.currentTime = this.inside(time);
            }
        }

        start(onRefused) {
            this.startedAt = this.time;
            this.video.play().catch(({ name }) => name === "NotAllowedError" && onRefused());
        }

        setRate(part, speed) {
            const rate = Math.max(SLOWEST, Math.max(SLOWEST, part) * speed);
            if (this.video.playbackRate !== rate) {
                this.video.playbackRate = rate;
            }
        }

        #tell(text) {
            const message = this.#element.querySelector(".sora-remix-broken");
            this.isBroken = Boolean(this.video.error);
            message.textContent = text;
            message.hidden = !text;
        }

        /* A browser can't seek in a file that its server does not send in parts. */
        get #isFixed() {
            const { duration, seekable } = this.video;
            const end = seekable.length ? seekable.end(seekable.length - 1) : 0;
            return Number.isFinite(duration) && end < duration - 1;
        }
    };
})();
