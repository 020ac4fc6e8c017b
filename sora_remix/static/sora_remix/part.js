/* A player beside the two times of a part. Without this script, the times are typed. */
"use strict";

(() => {
    const USUAL_FPS = 30; // where the site does not know it
    const PLAYER = ".sora-remix-part-player";
    const KEYS = { ",": "back", ".": "forward", i: "start", o: "end" };

    document.addEventListener("toggle", ({ target }) => target.matches?.(".sora-remix-part") && target.open && build(target), true);
    document.addEventListener("click", ({ target }) => {
        const button = target.closest?.("[data-part-do]");
        if (button) {
            act(button.closest(PLAYER), button.dataset.partDo);
        }
    });
    document.addEventListener("keydown", (event) => {
        const player = event.target.closest?.(PLAYER);
        const name = KEYS[event.key.toLowerCase()];
        if (player && name && !event.ctrlKey && !event.altKey && !event.metaKey) {
            event.preventDefault();
            act(player, name);
        }
    });
    document.addEventListener("DOMContentLoaded", () => document.querySelectorAll(".sora-remix-part[open]").forEach(build));

    /* Only now a video is loaded: a page may have many. */
    function build(part) {
        const player = part.querySelector(PLAYER);
        const template = document.getElementById("sora-remix-part-player");
        if (!player || !template || player.childElementCount) {
            return;
        }
        player.append(template.content.cloneNode(true));
        const video = player.querySelector("video");
        video.setAttribute("aria-label", player.dataset.title);
        video.addEventListener("error", () => {
            video.hidden = true;
            player.querySelector("[role=group]").hidden = true;
            player.querySelector("[data-part-broken]").hidden = false;
        });
        video.addEventListener("loadedmetadata", () => goTo(player, typed(player, "start") ?? 0));
        video.src = player.dataset.src;
    }

    function act(player, name) {
        const video = player.querySelector("video");
        if (name === "play") {
            play(player, video);
            return;
        }
        video.pause();
        if (name === "start" || name === "end") {
            write(field(player, name), here(player, video));
        } else {
            goTo(player, here(player, video) + (name === "back" ? -1 : 1) / fps(player));
        }
    }

    function play(player, video) {
        const end = typed(player, "end") ?? Infinity;
        const stop = () => {
            if (video.currentTime >= end || video.paused) {
                video.pause();
                video.removeEventListener("timeupdate", stop);
            }
        };
        video.currentTime = typed(player, "start") ?? 0;
        video.play().then(() => video.addEventListener("timeupdate", stop), () => {});
    }

    /* Half a millisecond inside a frame, as rounding may show the one before. */
    function goTo(player, time) {
        const video = player.querySelector("video");
        const last = Math.max(0, (video.duration || 0) - 1 / fps(player));
        video.currentTime = Math.max(0, Math.min(time, last)) + 0.0005;
    }

    /* The start of the frame that is shown, or the end after the last one. */
    function here(player, video) {
        return video.ended ? video.duration : Math.floor(video.currentTime * fps(player) + 0.001) / fps(player);
    }

    function fps(player) {
        return Number(player.dataset.fps) || USUAL_FPS;
    }

    function field(player, name) {
        return player.parentElement.querySelector(`[data-part=${name}]`);
    }

    function write(input, seconds) {
        input.value = timeOf(seconds);
        input.dispatchEvent(new Event("input", { bubbles: true }));
    }

    /* As seconds_of() in recipe.py reads it. */
    function typed(player, name) {
        const numbers = field(player, name).value.trim().split(":").map(Number);
        const seconds = numbers.reduce((sum, number) => sum * 60 + number, 0);
        return field(player, name).value.trim() && Number.isFinite(seconds) ? seconds : null;
    }

    function timeOf(time) {
        const thousandths = Math.round(time * 1000);
        const [minutes, rest] = [Math.floor(thousandths / 60000), thousandths % 60000];
        const seconds = String(Number((rest / 1000).toFixed(3)));
        const padded = rest < 10000 ? `0${seconds}` : seconds;
        const hours = Math.floor(minutes / 60);
        return hours ? `${hours}:${String(minutes % 60).padStart(2, "0")}:${padded}` : `${minutes}:${padded}`;
    }
})();
