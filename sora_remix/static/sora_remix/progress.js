/* Keeps states up to date while a page is open. Without it, reloading the page does the same. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("sora-remix-live");
    if (!root) {
        return;
    }
    const FIRST = 2000; // milliseconds between two questions
    const SLOWEST = 15000;
    const LONGEST = 60000; // between two attempts while there is no connection
    const PATIENCE = 20000;
    const OVER = ["succeeded", "failed", "cancelled"];
    const bar = document.getElementById("sora-remix-bar");
    const area = document.getElementById("sora-remix-notice-area");
    const ahead = Number(root.dataset.now) * 1000 - Date.now(); // this clock may be wrong
    let pause = FIRST;
    let failures = 0;
    let timer = 0;
    let ticker = 0;
    let etag = "";
    let asked = "";
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

    function open() {
        return nodes().filter((node) => !OVER.includes(node.dataset.status));
    }

    function isMoving() {
        return open().length > 0 || Boolean(bar && bar.value < bar.max);
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

    /* Names many primary keys in few bytes: 1,3,7-20. */
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

    function question() {
        const chosen = open().length ? open() : nodes().slice(0, 1);
        const pks = chosen.slice(0, 2000).map((node) => Number(node.dataset.remix));
        return `${root.dataset.url}?${new URLSearchParams({ batch: root.dataset.batch, remixes: spans(pks) })}`;
    }

    async function get(url, headers) {
        const patience = new AbortController();
        const timeout = setTimeout(() => patience.abort(), PATIENCE);
        try {
            const options = { headers, redirect: "manual", cache: "no-store", credentials: "same-origin" };
            const response = await fetch(url, { ...options, signal: patience.signal });
            return { response, text: response.status === 200 ? await response.text() : "" };
        } finally {
            clearTimeout(timeout);
        }
    }

    async function ask() {
        if (isAsking || isStopped) {
            return;
        }
        isAsking = true;
        try {
            const url = question();
            if (url !== asked) {
                etag = "";
            }
            const { response, text } = await get(url, etag ? { "If-None-Match": etag } : {});
            if (response.type === "opaqueredirect" || response.status === 401) {
                stop(root.dataset.loggedOut);
            } else if (response.status === 403) {
                stop(root.dataset.forbidden);
            } else if (response.status === 304) {
                pause = Math.min(pause * 1.5, SLOWEST);
            } else if (response.status !== 200) {
                throw new Error(`HTTP ${response.status}`);
            } else {
                pause = FIRST;
                await take(JSON.parse(text));
                asked = url;
                etag = response.headers.get("ETag") ?? "";
            }
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

    function stop(reason) {
        isStopped = true;
        clearTimeout(timer);
        clearTimeout(ticker);
        trouble(reason);
    }

    async function take({ legend, since, batch, remixes, notices }) {
        const changed = [];
        for (const [pk, code, place, start, log] of remixes) {
            const [status, label] = legend[code];
            for (const node of document.querySelectorAll(`[data-remix="${pk}"]`)) {
                node.dataset.start = start === undefined || start === null ? "" : since + start;
                node.dataset.place = place === undefined || place === null ? "" : place + 1;
                if (log || node.dataset.start === "") {
                    showLog(node, log ?? []);
                }
                if (status === node.dataset.status) {
                    continue;
                }
                if (OVER.includes(status) || status === "unconfirmed") {
                    changed.push([node, status, label]);
                } else {
                    showStatus(node, status, label);
                }
            }
        }
        tick();
        const isNews = Boolean(area) && area.dataset.notices !== notices;
        if (changed.length || isNews) {
            await renew(changed);
        }
        if (isNews) {
            area.dataset.notices = notices;
        }
        if (batch && bar) {
            bar.max = batch[1];
            bar.value = batch[0];
            say(batch[2]);
        } else {
            count();
        }
    }

    function showStatus(node, status, label) {
        const pill = node.querySelector(".sora-remix-status");
        pill.className = `sora-remix-status sora-remix-${status}`;
        pill.textContent = label;
        node.dataset.status = status;
    }

    function showLog(node, lines) {
        const log = node.querySelector(".sora-remix-log");
        if (!log) {
            return;
        }
        const old = [...log.children].map((line) => line.textContent);
        if (old.length !== lines.length || old.some((line, index) => line !== lines[index])) {
            log.replaceChildren(...lines.map((line) => Object.assign(document.createElement("bdi"), { dir: "auto", textContent: line })));
        }
    }

    /* Fetches this page once for all that have changed, and puts their new parts in place. */
    async function renew(changed) {
        const { response, text } = await get(window.location.href, {});
        if (response.status !== 200) {
            throw new Error(`HTTP ${response.status}`);
        }
        const page = new DOMParser().parseFromString(text, "text/html");
        showNotices(page.getElementById("sora-remix-notice-area"));
        for (const [node, status, label] of changed) {
            const fresh = page.querySelector(`[data-remix="${node.dataset.remix}"]`);
            const [old, part] = [partOf(node), fresh && partOf(fresh)];
            showStatus(node, status, label);
            node.querySelector(".sora-remix-far").textContent = "";
            if (old && part) {
                replace(old, document.importNode(part, true));
            }
        }
    }

    /* Says a notice once, when it comes, and takes it away when it is over. */
    function showNotices(fresh) {
        if (area && fresh && area.dataset.notices !== fresh.dataset.notices) {
            area.replaceChildren(...document.importNode(fresh, true).childNodes);
            area.dataset.notices = fresh.dataset.notices;
        }
    }

    function partOf(node) {
        return node.closest("[data-remix-part], tr, #content-main");
    }

    /* Keeps boxes and their ticks, and the focus. */
    function replace(old, fresh) {
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
        for (const node of open()) {
            const { start, usual, place } = node.dataset;
            const parts = place ? [fill(root.dataset.place, { place })] : [];
            if (start) {
                const time = clock((Date.now() + ahead) / 1000 - Number(start));
                parts.push(fill(usual ? root.dataset.time : root.dataset.timeAlone, { time, usual }));
            }
            const far = node.querySelector(".sora-remix-far");
            const text = parts.join(" · ");
            if (far.textContent !== text) {
                far.textContent = text;
            }
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
        if (bar) {
            return;
        }
        if (all.length === 1) {
            if (OVER.includes(all[0].dataset.status)) {
                say(all[0].querySelector(".sora-remix-status").textContent);
            }
        } else {
            say(fill(root.dataset.done, { over: all.length - open().length, many: all.length }));
        }
    }

    function say(text) {
        const said = document.getElementById("sora-remix-said");
        if (said && said.textContent !== text) {
            said.textContent = text;
        }
    }

    function trouble(text) {
        const said = document.getElementById("sora-remix-trouble");
        if (said && said.textContent !== text) {
            said.textContent = text;
            said.hidden = !text;
        }
    }
});
