/* Keeps the states of remixes up to date while a page is open. Without it, reload the page. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("sora-remix-live");
    if (!root) {
        return;
    }
    const FIRST = 2000; // milliseconds between two requests
    const SLOWEST = 15000;
    const LONGEST = 60000; // between two attempts without a connection
    const TIMEOUT = 20000;
    const MOST = 2000; // remixes in one request
    const FINISHED = ["succeeded", "failed", "cancelled"];
    const bar = document.getElementById("sora-remix-bar");
    const ahead = Number(root.dataset.now) * 1000 - Date.now(); // this clock may be wrong
    let pause = FIRST;
    let failures = 0;
    let timer = 0;
    let ticker = 0;
    let known = "";
    let isAsking = false;
    let isStopped = !isMoving();

    document.addEventListener("visibilitychange", wake);
    window.addEventListener("online", wake);
    window.addEventListener("pageshow", (event) => event.persisted && wake());
    if (!isStopped) {
        count();
        tick();
        later(FIRST);
    }

    function nodes() {
        return [...document.querySelectorAll("[data-remix]")];
    }

    function unfinished() {
        return nodes().filter((node) => !FINISHED.includes(node.dataset.status));
    }

    function isMoving() {
        return unfinished().length > 0 || Boolean(bar && bar.value < bar.max);
    }

    function later(delay) {
        clearTimeout(timer);
        timer = document.hidden ? 0 : setTimeout(ask, delay);
    }

    function wake() {
        clearTimeout(timer);
        clearTimeout(ticker);
        if (!isStopped && !document.hidden) {
            pause = FIRST;
            tick();
            later(0);
        }
    }

    function stop(reason) {
        isStopped = true;
        clearTimeout(timer);
        clearTimeout(ticker);
        trouble(reason);
    }

    async function ask() {
        if (isAsking || isStopped) {
            return;
        }
        isAsking = true;
        try {
            await update();
            failures = 0;
            if (!isStopped) {
                trouble("");
            }
        } catch {
            failures += 1;
            trouble(root.dataset.lost);
        } finally {
            isAsking = false;
        }
        if (!isStopped && !isMoving()) {
            stop("");
        }
        if (!isStopped) {
            later(failures ? Math.min(FIRST * 2 ** failures, LONGEST) : pause);
        }
    }

    async function update() {
        const { response, text } = await get(progressUrl());
        if (response.type === "opaqueredirect" || response.status === 401) {
            stop(root.dataset.loggedOut);
        } else if (response.status === 403) {
            stop(root.dataset.forbidden);
        } else if (response.status !== 200) {
            throw new Error(`HTTP ${response.status}`);
        } else if (text === known) {
            pause = Math.min(pause * 1.5, SLOWEST);
        } else {
            pause = FIRST;
            await show(JSON.parse(text));
            known = text;
        }
    }

    /* The browser sends the ETag of what it has, and takes that again after a 304. */
    async function get(url) {
        const options = { redirect: "manual", cache: "no-cache", signal: AbortSignal.timeout(TIMEOUT) };
        const response = await fetch(url, options);
        return { response, text: response.status === 200 ? await response.text() : "" };
    }

    function progressUrl() {
        const chosen = unfinished().length ? unfinished() : nodes().slice(0, 1);
        const remixes = spans(chosen.slice(0, MOST).map((node) => Number(node.dataset.remix)));
        return `${root.dataset.url}?${new URLSearchParams({ batch: root.dataset.batch, remixes })}`;
    }

    /* Writes many primary keys in few bytes: 1,3,7-20. */
    function spans(pks) {
        const parts = [];
        for (const pk of [...new Set(pks)].sort((a, b) => a - b)) {
            const last = parts.at(-1);
            if (last && last[1] === pk - 1) {
                last[1] = pk;
            } else {
                parts.push([pk, pk]);
            }
        }
        return parts.map(([from, to]) => (from === to ? from : `${from}-${to}`)).join(",");
    }

    async function show({ batch, remixes }) {
        const changed = [];
        for (const remix of remixes) {
            for (const node of document.querySelectorAll(`[data-remix="${remix.id}"]`)) {
                showProgress(node, remix);
                if (remix.status !== node.dataset.status) {
                    changed.push([node, remix]);
                }
            }
        }
        tick();
        await showChanges(changed);
        document.dispatchEvent(new Event("sora-remix-progress"));
        if (batch && bar) {
            bar.max = batch.total;
            bar.value = batch.finished;
            say("said", batch.text);
        } else {
            count();
        }
    }

    function showProgress(node, remix) {
        node.dataset.start = remix.started_at ?? "";
        node.dataset.place = remix.position ?? "";
        node.dataset.fitting = remix.fitting ?? "";
        const cell = node.closest("[data-allows]");
        if (cell) {
            cell.dataset.allows = remix.allows ?? cell.dataset.allows;
        }
        if (remix.log || !node.dataset.start) {
            showLog(node.querySelector(".sora-remix-log"), remix.log ?? []);
        }
    }

    function showLog(log, lines) {
        const old = [...log.children].map((line) => line.textContent);
        if (old.join("\n") !== lines.join("\n")) {
            log.replaceChildren(...lines.map((line) => Object.assign(document.createElement("bdi"), { dir: "auto", textContent: line })));
        }
    }

    /* Fetches this page once if there is more to show than the name of a state. */
    async function showChanges(changed) {
        const isMore = ([, { status }]) => FINISHED.includes(status) || status === "unconfirmed";
        const page = changed.some(isMore) ? await fetchPage() : null;
        for (const [node, remix] of changed) {
            showStatus(node, remix);
            if (isMore([node, remix])) {
                node.querySelector(".sora-remix-far").textContent = "";
                replace(partOf(node), partOf(page.querySelector(`[data-remix="${remix.id}"]`)));
            }
        }
    }

    async function fetchPage() {
        const { response, text } = await get(window.location.href);
        if (response.status !== 200) {
            throw new Error(`HTTP ${response.status}`);
        }
        return new DOMParser().parseFromString(text, "text/html");
    }

    function showStatus(node, { status, label }) {
        const pill = node.querySelector(".sora-remix-status");
        pill.className = `sora-remix-status sora-remix-${status}`;
        pill.textContent = label;
        node.dataset.status = status;
    }

    function partOf(node) {
        return node?.closest("[data-remix-part], tr, #content-main");
    }

    /* Keeps boxes and their ticks, and the focus. */
    function replace(old, part) {
        if (!old || !part) {
            return;
        }
        const fresh = document.importNode(part, true);
        const active = old.contains(document.activeElement) ? document.activeElement : null;
        for (const box of fresh.querySelectorAll("[type=checkbox][name]")) {
            const kept = [...old.querySelectorAll("[type=checkbox]")].find((one) => one.name === box.name && one.value === box.value);
            if (kept) {
                box.replaceWith(kept);
            }
        }
        old.replaceChildren(...fresh.childNodes);
        if (active) {
            const link = [...old.querySelectorAll("a")].find((one) => one.href === active.href);
            (active.isConnected ? active : link)?.focus({ preventScroll: true });
        }
    }

    /* Counts the time up each second, but only while somebody can see it. */
    function tick() {
        clearTimeout(ticker);
        if (document.hidden || isStopped) {
            return;
        }
        for (const node of unfinished()) {
            const { start, usual, place, fitting } = node.dataset;
            const parts = fitting ? [fitting] : [];
            if (place) {
                parts.push(fill(root.dataset.place, { place }));
            }
            if (start) {
                const time = clock((Date.now() + ahead) / 1000 - Number(start));
                parts.push(fill(usual ? root.dataset.time : root.dataset.timeAlone, { time, usual }));
            }
            setText(node.querySelector(".sora-remix-far"), parts.join(" · "));
        }
        ticker = setTimeout(tick, 1000);
    }

    function clock(length) {
        const seconds = Math.max(0, Math.floor(length));
        const [hours, minutes, rest] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60];
        const two = (number) => String(number).padStart(2, "0");
        return hours ? `${hours}:${two(minutes)}:${two(rest)}` : `${minutes}:${two(rest)}`;
    }

    function fill(template, values) {
        return template.replace(/%\((\w+)\)s/g, (whole, name) => values[name] ?? whole);
    }

    function count() {
        const all = nodes();
        const finished = all.length - unfinished().length;
        if (bar) {
            return;
        }
        if (all.length !== 1) {
            say("said", fill(root.dataset.done, { over: finished, many: all.length }));
        } else if (finished) {
            say("said", all[0].querySelector(".sora-remix-status").textContent);
        }
    }

    function trouble(text) {
        const said = say("trouble", text);
        if (said) {
            said.hidden = !text;
        }
    }

    function say(where, text) {
        return setText(document.getElementById(`sora-remix-${where}`), text);
    }

    /* Screen readers say again what is set again. */
    function setText(element, text) {
        if (element && element.textContent !== text) {
            element.textContent = text;
        }
        return element;
    }
});
