/* Buttons and keys for two videos under one play head. Without it, each has its own controls. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("sora-remix-compare");
    const controls = root?.querySelector(".sora-remix-controls");
    if (!controls) {
        return;
    }
    const { ComparedSide, ComparedView, PairPlayer, useKeys } = window.soraRemix;
    const bar = document.getElementById("sora-remix-seek");
    const speeds = buttons("speed").map((button) => Number(button.dataset.value));
    const filled = [...root.querySelectorAll(".sora-remix-side")].filter((element) => element.querySelector("video"));
    const sides = filled.map((element) => new ComparedSide(element));
    const view = new ComparedView(root);
    const player = new PairPlayer(sides, show);
    let said = "";

    const actions = {
        play: () => player.toggle(),
        back: () => player.step(-1),
        forward: () => player.step(1),
        mode: setMode,
        speed: (value) => setSpeed(Number(value)),
        from: () => setLoop(player.head, player.loop.end > player.head + player.frame ? player.loop.end : null),
        to: () => setLoop(player.loop.start < player.head - player.frame ? player.loop.start : null, player.head),
        clear: () => setLoop(null, null),
        mute: toggleSound,
    };
    const once = { " ": actions.play, k: actions.play, i: actions.from, o: actions.to };
    const keys = {
        ...once,
        ",": actions.back,
        ".": actions.forward,
        ArrowLeft: () => player.seek(player.head - 1),
        ArrowRight: () => player.seek(player.head + 1),
        Home: () => player.seek(0),
        End: () => player.seek(player.length),
        x: actions.clear,
        1: () => setMode("side"),
        2: () => setMode("wipe"),
        3: () => setMode("difference"),
        "[": () => view.moveDivider(-5),
        "]": () => view.moveDivider(5),
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
            actions[button.dataset.do](button.dataset.value);
        }
    });
    bar.step = player.frame;
    bar.addEventListener("input", () => player.seek(Number(bar.value)));
    useKeys((key, isHeld) => {
        const isKnown = Object.hasOwn(keys, key);
        if (isKnown && !(isHeld && Object.hasOwn(once, key))) {
            keys[key]();
        }
        return isKnown;
    });
    for (const side of sides) {
        side.listen(root.dataset, (loaded) => {
            view.fit(sides.map(({ video }) => video));
            player.join(loaded);
        });
    }
    setMode("side");
    setSpeed(1);
    setLoop(null, null);
    if (sides.length === 2) {
        toggleSound("right"); // two sounds at once are none
    }
    showSounds();

    function setMode(mode) {
        view.setMode(mode);
        mark("mode", ({ value }) => value === mode);
    }

    function changeSpeed(direction) {
        setSpeed(speeds[speeds.indexOf(player.speed) + direction] ?? player.speed);
    }

    function setSpeed(speed) {
        player.speed = speed;
        mark("speed", ({ value }) => Number(value) === speed);
    }

    function setLoop(start, end) {
        player.loop = { start, end };
        const isSet = start !== null || end !== null;
        const [first, last] = [start ?? 0, end ?? player.length];
        const range = controls.querySelector(".sora-remix-range");
        root.querySelector(".sora-remix-looped").textContent = isSet
            ? fill(root.dataset.loop, { start: clock(first), end: clock(last) })
            : "";
        buttons("clear")[0].disabled = !isSet;
        range.hidden = !isSet;
        range.style.left = `${(first / player.length) * 100}%`;
        range.style.width = `${((last - first) / player.length) * 100}%`;
    }

    function toggleSound(wanted) {
        for (const { video } of sides.filter(({ name }) => name === wanted)) {
            video.muted = !video.muted;
        }
        showSounds();
    }

    function showSounds() {
        mark("mute", ({ value }) => sides.some(({ name, video }) => name === value && video.muted));
    }

    function toggleKeys() {
        const list = document.getElementById("sora-remix-keys").closest("details");
        list.open = !list.open;
        if (list.open) {
            list.querySelector("summary").focus();
        }
    }

    function show() {
        const { head, length, isWanted } = player;
        const label = isWanted ? root.dataset.pause : root.dataset.play;
        const button = controls.querySelector(".sora-remix-play");
        bar.max = length;
        bar.value = head;
        root.querySelector(".sora-remix-clock").textContent = fill(root.dataset.time, { time: clock(head), length: clock(length) });
        if (said !== (said = fill(root.dataset.time, { time: clock(head, isWanted), length: clock(length, isWanted) }))) {
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

    function buttons(action) {
        return [...controls.querySelectorAll(`[data-do="${action}"]`)];
    }

    function mark(action, isPressed) {
        for (const button of buttons(action)) {
            button.setAttribute("aria-pressed", isPressed(button.dataset));
        }
    }
});
