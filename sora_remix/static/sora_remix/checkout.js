/* Recalculates when a choice changes. Without this script, the button “Recalculate” does the same. */
"use strict";

(() => {
    const form = document.getElementById("confirm-form");
    if (!form || !document.getElementById("sora-remix-progress")) {
        return;
    }
    // In milliseconds.
    const AFTER_TYPING = 500;
    const AFTER_TICKING = 250; // checkboxes are often ticked one after the other
    const SLOW = 800;
    const TIMEOUT = 60000; // images may have to be uploaded first
    const HEADING_LENGTH = 60; // characters of a prompt over its column
    let latest = 0;
    let timer = 0;
    let lastPrompt = null;
    let running = null;
    let pressing = false; // a request for a button is never aborted
    let byKeyboard = false; // the arrow keys choose each preset on their way
    const waiting = [];

    prepare();

    form.addEventListener("change", (event) => {
        if (affectsQuote(event.target)) {
            schedule(event.target.name === "_cell" ? AFTER_TICKING : 0);
        }
    });
    form.addEventListener("submit", (event) => {
        const button = event.submitter;
        if (button && ["_add", "_drop", "_use"].includes(button.name)) {
            event.preventDefault();
            const preset = form.querySelector("[name=_preset]")?.value ?? "";
            recalculate({ [button.name]: button.value, _preset: preset });
        }
    });
    form.addEventListener("click", ({ target }) => {
        const text = target.closest("[data-insert]")?.dataset.insert;
        if (text) {
            insert(text);
        }
        const details = document.getElementById(target.closest("[data-opens]")?.dataset.opens ?? "");
        if (details) {
            details.open = true; // before the browser looks for the place that the link names
        }
    });
    form.addEventListener("focusin", ({ target }) => {
        if (target.matches("textarea[name=prompt]")) {
            lastPrompt = target;
        }
    });
    form.addEventListener("keydown", ({ target }) => {
        if (target.name === "_preset") {
            byKeyboard = true;
            form.querySelector("#sora-remix-use").hidden = false;
        }
    });
    form.addEventListener("pointerdown", ({ target }) => {
        byKeyboard = byKeyboard && target.closest("select")?.name !== "_preset";
    });
    form.addEventListener("change", ({ target }) => {
        if (target.name === "_preset" && target.value && !byKeyboard) {
            recalculate({ _use: "1", _preset: target.value });
        }
    });
    form.addEventListener(
        "invalid",
        ({ target }) => {
            // What is wrong can't get the focus while it is folded.
            for (let one = target.closest("details"); one; one = one.parentElement.closest("details")) {
                one.open = true;
            }
        },
        true,
    );
    form.addEventListener("formdata", ({ formData }) => sendUnticked(formData));
    form.addEventListener("input", ({ target }) => {
        if (target.matches("textarea[name=prompt]")) {
            grow(target);
        }
        const heading = document.getElementById(target.dataset.heading ?? "");
        if (heading) {
            heading.textContent = target.value.length > HEADING_LENGTH ? `${target.value.slice(0, HEADING_LENGTH - 1)}…` : target.value;
        }
    });
    form.addEventListener("input", (event) => {
        if (affectsQuote(event.target) && event.target.matches("[type=number], [type=text]")) {
            schedule(AFTER_TYPING);
        }
    });
    window.addEventListener("pageshow", () => {
        // Browsers restore an earlier choice on a page that shows another one.
        if ([...form.querySelectorAll("[type=radio]")].some((one) => one.checked !== one.defaultChecked)) {
            schedule(0);
        }
    });

    /* Shows what needs this script, and hides what it replaces. */
    function prepare() {
        for (const one of form.querySelectorAll("[data-script]")) {
            one.hidden = one.dataset.script === "off";
        }
        form.querySelectorAll("textarea[name=prompt]").forEach(grow);
    }

    /* Makes room for all lines, where the browser does not. */
    function grow(area) {
        if (!window.CSS?.supports("field-sizing", "content")) {
            area.style.height = "auto";
            area.style.height = `${area.scrollHeight + area.offsetHeight - area.clientHeight}px`;
        }
    }

    function insert(text) {
        const area = lastPrompt?.isConnected ? lastPrompt : form.querySelector("textarea[name=prompt]");
        area.focus();
        area.setRangeText(text, area.selectionStart, area.selectionEnd, "end");
        area.dispatchEvent(new Event("input", { bubbles: true }));
    }

    function affectsQuote(field) {
        return field.name && !["prompt", "_preset"].includes(field.name);
    }

    /* Sends the unticked cells, those of other pages included, instead of all ticked ones. */
    function sendUnticked(data) {
        const unticked = new Set(String(data.get("_without") ?? "").split(" ").filter(Boolean));
        for (const box of form.querySelectorAll("[name=_cell]")) {
            unticked[box.checked ? "delete" : "add"](box.value);
        }
        data.delete("_cell");
        data.set("_rows", "");
        data.set("_without", [...unticked].join(" "));
    }

    function schedule(delay) {
        clearTimeout(timer);
        timer = setTimeout(recalculate, delay);
    }

    async function recalculate(pressed) {
        if (pressing) {
            waiting.push(pressed);
            return;
        }
        pressing = Boolean(pressed);
        clearTimeout(timer);
        const number = ++latest;
        running?.abort();
        running = new AbortController();
        const { signal } = running;
        const files = form.querySelector("[type=file]")?.files;
        const slow = setTimeout(() => report(number, form.dataset.busy), SLOW);
        const timeout = setTimeout(() => signal === running.signal && running.abort(), TIMEOUT);
        form.setAttribute("aria-busy", "true");
        try {
            const body = new FormData(form);
            for (const [name, value] of Object.entries(pressed ?? { _recalculate: "1" })) {
                body.set(name, value);
            }
            const response = await fetch(window.location.href, { method: "POST", body, signal });
            const page = new DOMParser().parseFromString(await response.text(), "text/html");
            const fresh = page.getElementById("confirm-form");
            if (!response.ok || !fresh) {
                fail(number, response.ok && response.redirected ? form.dataset.ended : form.dataset.failed);
            } else if (number === latest) {
                show(fresh, files);
                rename(page);
                report(number, "");
                if (pressed) {
                    form.querySelector("textarea[autofocus]")?.focus();
                    form.querySelectorAll("[name=_preset]").forEach((one) => (one.value = ""));
                }
            }
        } catch {
            fail(number, form.dataset.failed);
        } finally {
            clearTimeout(slow);
            clearTimeout(timeout);
            if (number === latest) {
                form.removeAttribute("aria-busy");
            }
            pressing = pressed ? false : pressing;
            while (waiting.length && !pressing) {
                recalculate(waiting.shift());
            }
        }
    }

    function report(number, text) {
        const progress = document.getElementById("sora-remix-progress");
        if (number === latest && progress) {
            progress.textContent = text;
        }
    }

    function fail(number, text) {
        report(number, text);
        if (number === latest) {
            form.querySelector("[name=_recalculate]").hidden = false;
        }
    }

    /* The title says how many videos will be remixed. */
    function rename(page) {
        const heading = document.querySelector(".sora-remix-own > h1");
        const fresh = page.querySelector(".sora-remix-own > h1");
        document.title = page.title;
        if (heading && fresh && heading.textContent !== fresh.textContent) {
            heading.textContent = fresh.textContent;
        }
    }

    function show(fresh, files) {
        const active = document.activeElement;
        fresh.setAttribute("aria-busy", "true");
        const progress = fresh.querySelector("#sora-remix-progress");
        if (progress) {
            progress.textContent = document.getElementById("sora-remix-progress")?.textContent ?? "";
        }
        morph(form, fresh);
        prepare();
        const chosen = fresh.querySelector("[name=endpoint][checked]")?.value;
        for (const radio of form.querySelectorAll("[name=endpoint]")) {
            radio.checked = radio.value === chosen;
        }
        const input = form.querySelector("[type=file]");
        if (input && input.files === files && !form.querySelector("#id_images_error")) {
            input.value = ""; // they are stored with the draft now
        }
        if (active && !active.isConnected) {
            (document.getElementById(active.id) ?? input ?? form.querySelector("[type=radio]:checked"))?.focus();
        }
    }

    /* Turns the old tree into the fresh one. Fields that are in both stay: they hold the focus, the
       caret and what was typed. */
    function morph(old, fresh) {
        if (old.nodeType !== Node.ELEMENT_NODE) {
            if (old.data !== fresh.data) {
                old.data = fresh.data;
            }
            return;
        }
        morphAttributes(old, fresh);
        if (old.matches("textarea, [data-kept]")) {
            return;
        }
        let next = old.firstChild;
        for (const child of [...fresh.childNodes]) {
            const match = find(next, child);
            if (match) {
                while (next !== match) {
                    const gone = next;
                    next = next.nextSibling;
                    gone.remove();
                }
                next = match.nextSibling;
                morph(match, child);
            } else {
                old.insertBefore(document.importNode(child, true), next);
            }
        }
        while (next) {
            const gone = next;
            next = next.nextSibling;
            gone.remove();
        }
    }

    function morphAttributes(old, fresh) {
        const live = old.matches("input:not([type=hidden], [type=submit]), option, textarea")
            ? ["value", "checked", "selected"]
            : old.matches("details")
              ? ["open"]
              : old.matches("[data-script]")
                ? ["hidden"]
                : [];
        for (const { name, value } of [...fresh.attributes]) {
            if (!live.includes(name) && old.getAttribute(name) !== value) {
                old.setAttribute(name, value);
            }
        }
        for (const { name } of [...old.attributes]) {
            if (!live.includes(name) && !fresh.hasAttribute(name)) {
                old.removeAttribute(name);
            }
        }
    }

    /* Finds a node with a key among all that follow; a node without one only at its place. */
    function find(from, fresh) {
        const key = keyOf(fresh);
        for (let one = from; one; one = one.nextSibling) {
            if (one.nodeName === fresh.nodeName && keyOf(one) === key) {
                return one;
            }
            if (!key) {
                return null;
            }
        }
        return null;
    }

    function keyOf(node) {
        if (node.nodeType !== Node.ELEMENT_NODE) {
            return "";
        }
        return node.id || node.getAttribute("name") || node.querySelector("input, select, textarea")?.id || "";
    }
})();
