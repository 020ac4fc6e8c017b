/* One play head for two videos. Without it, each of them has its own controls. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("sora-remix-compare");
    const controls = root?.querySelector(".sora-remix-controls");
    if (!controls) {
        return;
    }
    const SLOWEST = 1 / 16; // of its speed: slower than this no browser plays
    const STEPS = 16; // a rate has so many: each change costs the browser something
    const GAIN = 15; // how much slower, for each second ahead
    const FAR = 0.5; // seconds apart that waiting would take too long to close
    const AT_START = 2; // value of readyState: what is here can be shown
    const AHEAD = 3; // and what comes next, too
    const stage = root.querySelector(".sora-remix-stage");
    const bar = document.getElementById("sora-remix-seek");
    const wipe = document.getElementById("sora-remix-wipe");
    const usesKeys = document.getElementById("sora-remix-keys");
    const speeds = buttons("speed").map((button) => Number(button.dataset.value));
    const sides = [...root.querySelectorAll(".sora-remix-side")].filter((node) => node.querySelector("video")).map(makeSide);
    const frame = 1 / Math.max(...sides.map((side) => side.fps)); // seconds, of the finer rate
    const loop = { start: null, end: null };
    let head = 0; // seconds; where both are, or are going to
    let speed = 1;
    let isWanted = false; // to play; both may have to wait all the same
    let isMoving = false; // both have left where they started
    let said = "";

    const acts = {
        play: () => (isWanted ? pause() : play()),
        back: () => step(-1),
        forward: () => step(1),
        mode: setMode,
        speed: (value) => setSpeed(Number(value)),
        from: () => setLoop(head, loop.end > head + frame ? loop.end : null),
        to: () => setLoop(loop.start < head - frame ? loop.start : null, head),
        clear: () => setLoop(null, null),
        mute: toggleSound,
    };
    const keys = {
        " ": acts.play,
        k: acts.play,
        ",": acts.back,
        ".": acts.forward,
        ArrowLeft: () => seek(head - 1),
        ArrowRight: () => seek(head + 1),
        Home: () => seek(0),
        End: () => seek(length()),
        i: acts.from,
        o: acts.to,
        x: acts.clear,
        1: () => setMode("side"),
        2: () => setMode("wipe"),
        3: () => setMode("difference"),
        "[": () => setWipe(Number(wipe.value) - 5),
        "]": () => setWipe(Number(wipe.value) + 5),
        "-": () => changeSpeed(-1),
        "+": () => changeSpeed(1),
        "=": () => changeSpeed(1), // the same key, on many keyboards
        a: () => toggleSound("left"),
        b: () => toggleSound("right"),
        s: () => document.getElementById("sora-remix-swap")?.click(),
        "?": toggleKeys,
    };

    controls.hidden = false;
    controls.addEventListener("click", ({ target }) => {
        const button = target.closest("[data-do]");
        if (button) {
            acts[button.dataset.do](button.dataset.value);
        }
    });
    bar.step = frame;
    bar.addEventListener("input", () => seek(Number(bar.value)));
    wipe.addEventListener("input", () => setWipe(Number(wipe.value)));
    stage.addEventListener("pointerdown", drag);
    stage.addEventListener("pointermove", drag);
    document.addEventListener("keydown", press);
    usesKeys.checked = remembered() !== "off";
    usesKeys.addEventListener("change", () => remember(usesKeys.checked ? "on" : "off"));
    setMode("side");
    setWipe(50);
    setSpeed(1);
    setLoop(null, null);
    if (sides.length === 2) {
        toggleSound("right"); // two sounds at once are none
    }
    showSounds();

    /* Makes what is known about one of the videos, and listens to it. */
    function makeSide(node) {
        const video = node.querySelector("video");
        const side = { video, name: node.dataset.side, fps: Number(video.dataset.fps) || 30, pending: null, from: 0, isBroken: false };
        const message = node.querySelector(".sora-remix-broken");
        video.controls = false;
        const tell = (text) => {
            side.isBroken = Boolean(video.error);
            message.textContent = text;
            message.hidden = !text;
        };
        video.addEventListener("error", () => tell(root.dataset.broken));
        video.addEventListener("loadedmetadata", () => {
            tell(isFixed(video) ? root.dataset.fixed : "");
            fit();
            go(side, shown(head));
            show();
        });
        video.addEventListener("seeked", () => side.pending !== null && go(side, side.pending));
        if (video.error) { // it may have been faster than this script
            tell(root.dataset.broken);
        } else if (video.readyState > 0) {
            queueMicrotask(() => video.dispatchEvent(new Event("loadedmetadata")));
        }
        return side;
    }

    /* A browser can't seek in a file that its server does not send in parts. */
    function isFixed({ duration, seekable }) {
        return Number.isFinite(duration) && (seekable.length ? seekable.end(seekable.length - 1) : 0) < duration - 1;
    }

    /* Both have the shape of the wider one, as far as that is known. */
    function fit() {
        const shapes = sides.map(({ video }) => video.videoWidth / video.videoHeight).filter((shape) => shape > 0);
        if (shapes.length) {
            stage.style.setProperty("--shape", Math.max(...shapes));
        }
    }

    function usable() {
        return sides.filter((side) => !side.isBroken);
    }

    function lengthOf({ video }) {
        return Number.isFinite(video.duration) ? video.duration : 0;
    }

    /* The longer one has the play head; the other shows its last frame in the end. */
    function leader() {
        return usable().reduce((longest, side) => (longest && lengthOf(longest) >= lengthOf(side) ? longest : side), null);
    }

    function length() {
        return Math.max(0, ...usable().map(lengthOf));
    }

    function shown(time, most = length()) {
        return Math.max(0, Math.min(time, most - frame / 2)); // at its very end a video has no frame
    }

    function isOver(side) {
        return side !== leader() && lengthOf(side) > 0 && (side.video.ended || head >= lengthOf(side) - frame / 2);
    }

    function isReady(side) {
        const isLast = lengthOf(side) > 0 && side.video.currentTime >= lengthOf(side) - 2 * frame;
        return !side.video.seeking && side.pending === null && side.video.readyState >= (isLast ? AT_START : AHEAD);
    }

    /* Sends both to one place. At most one seek of each is on its way: the last one wins. */
    function seek(time) {
        head = shown(time);
        hold();
        for (const side of usable()) {
            go(side, head);
        }
        show();
    }

    function go(side, time) {
        const { video } = side;
        side.pending = time;
        if (video.readyState > 0 && !video.seeking) {
            side.pending = null;
            video.currentTime = shown(time, lengthOf(side));
        }
    }

    function step(direction) {
        pause();
        const number = Math.floor(head / frame + 0.001) + direction;
        seek((Math.max(0, number) + 0.5) * frame); // its middle: no rounding leads to another one
    }

    function play() {
        if (head >= length() - frame) {
            seek(0);
        }
        isWanted = true;
        requestAnimationFrame(tick);
        show();
    }

    function pause() {
        if (!isWanted) {
            return;
        }
        isWanted = false;
        hold();
        align();
        show();
    }

    function hold() {
        isMoving = false;
        for (const { video } of sides) {
            video.pause();
        }
    }

    /* Puts both where the leader is. */
    function align() {
        const first = leader();
        if (first && first.pending === null && !first.video.seeking) {
            head = first.video.currentTime;
        }
        seek(head);
    }

    function tick() {
        if (!isWanted) {
            return;
        }
        conduct();
        show();
        requestAnimationFrame(tick);
    }

    /* Plays both while both can, and keeps them together. */
    function conduct() {
        const first = leader();
        if (!first) {
            pause();
            return;
        }
        if (isReady(first)) {
            head = first.video.currentTime;
        }
        const players = usable().filter((side) => !isOver(side));
        if (players.some((side) => !isReady(side))) {
            hold();
        } else if (first.video.ended || head >= (loop.end ?? Infinity)) {
            turn();
        } else if (players.some(({ video }) => video.paused)) {
            start(players);
        } else {
            steer(players);
        }
    }

    /* At the end: from the start of the loop again, if there is one. */
    function turn() {
        if (loop.start === null && loop.end === null) {
            pause();
        } else {
            seek(loop.start ?? 0);
        }
    }

    /* A video needs a while until it moves: so that none gets ahead, both crawl until both do. */
    function start(players) {
        hold();
        if (gap(players) > frame / 4) {
            align();
            return;
        }
        for (const side of players) {
            side.from = side.video.currentTime;
            setRate(side, SLOWEST);
            side.video.play().catch(({ name }) => name === "NotAllowedError" && pause());
        }
    }

    function steer(players) {
        isMoving ||= players.every(({ video, from }) => video.currentTime > from);
        if (!isMoving) {
            return;
        }
        const apart = gap(players);
        if (apart > FAR) {
            align();
            return;
        }
        const least = Math.min(...players.map(({ video }) => video.currentTime));
        for (const side of players) {
            const ahead = side.video.currentTime - least;
            const part = ahead > frame / 8 ? Math.round((1 - ahead * GAIN) * STEPS) / STEPS : 1;
            setRate(side, Math.max(SLOWEST, part));
        }
    }

    function gap(players) {
        const times = players.map(({ video }) => video.currentTime);
        return Math.max(...times) - Math.min(...times);
    }

    function setRate({ video }, part) {
        const rate = Math.max(SLOWEST, part * speed);
        if (video.playbackRate !== rate) {
            video.playbackRate = rate;
        }
    }

    function setMode(mode) {
        root.dataset.mode = mode;
        wipe.parentElement.hidden = mode !== "wipe";
        root.querySelector(".sora-remix-divider").hidden = mode !== "wipe";
        mark("mode", (button) => button.dataset.value === mode);
        showWipe();
    }

    function setWipe(percent) {
        wipe.value = percent;
        showWipe();
    }

    function showWipe() {
        const right = sides.find((side) => side.name === "right");
        right?.video.style.setProperty("clip-path", root.dataset.mode === "wipe" ? `inset(0 0 0 ${wipe.value}%)` : "none");
        root.querySelector(".sora-remix-divider").style.left = `${wipe.value}%`;
    }

    function drag({ buttons: pressed, clientX }) {
        if (root.dataset.mode === "wipe" && pressed === 1) {
            const { left, width } = stage.getBoundingClientRect();
            setWipe(((clientX - left) / width) * 100);
        }
    }

    function changeSpeed(direction) {
        setSpeed(speeds[speeds.indexOf(speed) + direction] ?? speed);
    }

    function setSpeed(wanted) {
        speed = wanted;
        mark("speed", (button) => Number(button.dataset.value) === speed);
    }

    function setLoop(start, end) {
        Object.assign(loop, { start, end });
        const isSet = start !== null || end !== null;
        const [first, last] = [start ?? 0, end ?? length()];
        const text = isSet ? fill(root.dataset.loop, { start: clock(first), end: clock(last) }) : "";
        const range = controls.querySelector(".sora-remix-range");
        root.querySelector(".sora-remix-looped").textContent = text;
        buttons("clear")[0].disabled = !isSet;
        range.hidden = !isSet;
        range.style.left = `${(first / length()) * 100}%`;
        range.style.width = `${((last - first) / length()) * 100}%`;
    }

    function toggleSound(name) {
        for (const { video } of sides.filter((side) => side.name === name)) {
            video.muted = !video.muted;
        }
        showSounds();
    }

    function showSounds() {
        for (const { name, video } of sides) {
            for (const button of buttons("mute").filter(({ dataset }) => dataset.value === name)) {
                button.setAttribute("aria-pressed", video.muted);
            }
        }
    }

    function toggleKeys() {
        const list = usesKeys.closest("details");
        list.open = !list.open;
        if (list.open) {
            list.querySelector("summary").focus();
        }
    }

    function show() {
        const values = { time: clock(head, isWanted), length: clock(length(), isWanted) };
        const label = isWanted ? root.dataset.pause : root.dataset.play;
        const button = controls.querySelector(".sora-remix-play");
        bar.max = length();
        bar.value = head;
        root.querySelector(".sora-remix-clock").textContent = fill(root.dataset.time, { time: clock(head), length: clock(length()) });
        if (said !== (said = fill(root.dataset.time, values))) {
            bar.setAttribute("aria-valuetext", said);
        }
        if (button.textContent !== label) {
            button.textContent = label;
        }
    }

    /* Whole seconds while it plays: a screen reader says each of them. */
    function clock(seconds, isWhole = false) {
        const [minutes, rest] = [Math.floor(seconds / 60), seconds % 60];
        const text = isWhole ? String(Math.floor(rest)) : (Math.floor(rest * 100) / 100).toFixed(2);
        return `${minutes}:${text.padStart(isWhole ? 2 : 5, "0")}`;
    }

    function fill(template, values) {
        return template.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
    }

    function buttons(act) {
        return [...controls.querySelectorAll(`[data-do="${act}"]`)];
    }

    function mark(act, isPressed) {
        for (const button of buttons(act)) {
            button.setAttribute("aria-pressed", isPressed(button));
        }
    }

    /* Leaves to fields, buttons and sliders the keys that are theirs. */
    function isTheirs(key, target) {
        if (target.closest("[contenteditable], textarea, select, input:not([type=range], [type=checkbox])")) {
            return true;
        }
        if (target.closest("button, summary, a[href], [type=checkbox]")) {
            return key === " ";
        }
        return target.matches("[type=range]") && /^(Arrow|Home|End)/.test(key);
    }

    function press(event) {
        const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
        const isOther = event.defaultPrevented || event.ctrlKey || event.altKey || event.metaKey || event.isComposing;
        if (isOther || !usesKeys.checked || !Object.hasOwn(keys, key) || isTheirs(key, event.target)) {
            return;
        }
        event.preventDefault();
        if (!event.repeat || !["play", "from", "to"].some((name) => acts[name] === keys[key])) {
            keys[key]();
        }
    }

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
