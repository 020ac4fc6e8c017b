/* How two videos are shown: side by side, as a wipe, or as their difference. */
"use strict";

(() => {
    window.soraRemix ??= {};
    window.soraRemix.ComparedView = class {
        #root;
        #stage;
        #divider;
        #slider = document.getElementById("sora-remix-wipe");

        constructor(root) {
            this.#root = root;
            this.#stage = root.querySelector(".sora-remix-stage");
            this.#divider = root.querySelector(".sora-remix-divider");
            this.#slider.addEventListener("input", () => this.moveDivider(0));
            for (const name of ["pointerdown", "pointermove"]) {
                this.#stage.addEventListener(name, (event) => this.#drag(event));
            }
        }

        setMode(mode) {
            const isWipe = mode === "wipe";
            this.#root.dataset.mode = mode;
            this.#slider.parentElement.hidden = !isWipe;
            this.#divider.hidden = !isWipe;
            this.moveDivider(0);
        }

        moveDivider(percent) {
            this.#setDivider(Number(this.#slider.value) + percent);
        }

        /* Both have the shape of the wider one, as far as that is known. */
        fit(videos) {
            const shapes = videos.map((video) => video.videoWidth / video.videoHeight).filter((shape) => shape > 0);
            if (shapes.length) {
                this.#stage.style.setProperty("--shape", Math.max(...shapes));
            }
        }

        #setDivider(percent) {
            this.#slider.value = percent;
            const left = `${this.#slider.value}%`; // within its limits
            const right = this.#root.querySelector("[data-side=right] video");
            right?.style.setProperty("clip-path", this.#root.dataset.mode === "wipe" ? `inset(0 0 0 ${left})` : "none");
            this.#divider.style.left = left;
        }

        #drag({ buttons, clientX }) {
            if (this.#root.dataset.mode === "wipe" && buttons === 1) {
                const { left, width } = this.#stage.getBoundingClientRect();
                this.#setDivider(((clientX - left) / width) * 100);
            }
        }
    };
})();
