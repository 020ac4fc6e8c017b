/* Keeps the notices above a page true while it is open. Without it, reload the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const area = document.getElementById("sora-remix-notice-area");
    const said = document.getElementById("sora-remix-notice-said");
    if (!area?.dataset.url) {
        return;
    }
    const PAUSE = Number(area.dataset.seconds) * 1000; // between two requests
    const LONGEST = 300000; // between two attempts after errors
    const TIMEOUT = 20000;
    const OVER = [401, 403, 404, 405]; // asking again would not help
    let etag = area.dataset.etag;
    let failures = 0;
    let timer = 0;
    let isAsking = false;
    let isAskedAgain = false;
    let isStopped = false;

    document.addEventListener("visibilitychange", wake);
    document.addEventListener("sora-remix-progress", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", (event) => event.persisted && wake());
    later(PAUSE);

    function later(delay) {
        clearTimeout(timer);
        timer = document.hidden || isStopped ? 0 : setTimeout(ask, delay);
    }

    function wake() {
        later(0);
    }

    async function ask() {
        if (isAsking) {
            isAskedAgain = true;
            return;
        }
        [isAsking, isAskedAgain] = [true, false];
        try {
            await update();
            failures = 0;
        } catch {
            failures += 1;
        }
        isAsking = false;
        later(isAskedAgain && !failures ? 0 : Math.min(PAUSE * 2 ** failures, LONGEST));
    }

    async function update() {
        const response = await fetch(area.dataset.url, {
            headers: { "If-None-Match": etag },
            redirect: "manual",
            cache: "no-store",
            signal: AbortSignal.timeout(TIMEOUT),
        });
        if (response.type === "opaqueredirect" || OVER.includes(response.status)) {
            isStopped = true;
        } else if (response.status === 200) {
            show(await response.text());
            etag = response.headers.get("ETag") ?? etag;
        } else if (response.status !== 304) {
            throw new Error(`HTTP ${response.status}`);
        }
    }

    function show(text) {
        const page = new DOMParser().parseFromString(text, "text/html");
        const fresh = page.getElementById(area.id);
        if (!fresh) {
            throw new Error("These are no notices.");
        }
        const [shown, wanted] = [texts(area), texts(fresh)];
        if (shown.join("\n") !== wanted.join("\n")) {
            replace(fresh);
            said.textContent = wanted.filter((one) => !shown.includes(one)).join(" ");
        }
    }

    function texts(root) {
        return [...root.querySelectorAll(".sora-remix-notices > *")].map((one) => one.textContent.trim());
    }

    /* Keeps the focus: on the same link or button, or else where it was. */
    function replace(fresh) {
        const active = area.contains(document.activeElement) ? document.activeElement : null;
        area.replaceChildren(...document.importNode(fresh, true).childNodes);
        if (active) {
            const same = [...area.querySelectorAll("a, button")].find((one) => one.textContent === active.textContent && one.href === active.href);
            (same ?? area).focus({ preventScroll: true });
        }
    }
});
