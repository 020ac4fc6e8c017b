/* Calculates anew when a choice changes. Without it, the button “Recalculate” does the same. */
"use strict";

(() => {
    const form = document.getElementById("confirm-form");
    if (!form || !document.getElementById("sora-remix-progress")) {
        return;
    }
    const TYPED = 500; // milliseconds after a key, before what was typed counts
    const TICKED = 250; // many boxes are often ticked in a row
    const SAID = 60; // characters of a prompt over its column
    const SLOW = 800;
    const TOO_SLOW = 60000; // images may have to be sent first
    let latest = 0;
    let timer = 0;
    let underway = null;
    let pressing = false; // a button's effect must not be lost: it is waited for
    const waiting = [];

    form.addEventListener("change", (event) => {
        if (matters(event.target)) {
            later(event.target.name === "_cell" ? TICKED : 0);
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
    form.addEventListener("formdata", ({ formData }) => onlySwitchedOff(formData));
    form.addEventListener("input", ({ target }) => {
        const heading = document.getElementById(target.dataset.heading ?? "");
        if (heading) {
            heading.textContent = target.value.length > SAID ? `${target.value.slice(0, SAID - 1)}…` : target.value;
        }
    });
    form.addEventListener("input", (event) => {
        if (matters(event.target) && event.target.matches("[type=number], [type=text]")) {
            later(TYPED);
        }
    });
    window.addEventListener("pageshow", () => {
        // Browsers restore what was chosen before, on a page that shows something else.
        if ([...form.querySelectorAll("[type=radio]")].some((one) => one.checked !== one.defaultChecked)) {
            later(0);
        }
    });

    function matters(field) {
        return field.name && !["prompt", "_preset"].includes(field.name);
    }

    /* Sends the few boxes without a tick, those of other pages among them, instead of all others. */
    function onlySwitchedOff(data) {
        const off = new Set(String(data.get("_without") ?? "").split(" ").filter(Boolean));
        for (const box of form.querySelectorAll("[name=_cell]")) {
            off[box.checked ? "delete" : "add"](box.value);
        }
        data.delete("_cell");
        data.set("_rows", "");
        data.set("_without", [...off].join(" "));
    }

    function later(delay) {
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
        underway?.abort();
        underway = new AbortController();
        const { signal } = underway;
        const files = form.querySelector("[type=file]")?.files;
        const slow = setTimeout(() => say(number, form.dataset.busy), SLOW);
        const tooSlow = setTimeout(() => signal === underway.signal && underway.abort(), TOO_SLOW);
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
                throw new Error(`HTTP ${response.status}`);
            }
            if (number === latest) {
                show(fresh, files);
                say(number, "");
                if (pressed) {
                    form.querySelector("textarea[autofocus]")?.focus();
                }
            }
        } catch {
            say(number, form.dataset.failed);
        } finally {
            clearTimeout(slow);
            clearTimeout(tooSlow);
            if (number === latest) {
                form.removeAttribute("aria-busy");
            }
            pressing = pressed ? false : pressing;
            while (waiting.length && !pressing) {
                recalculate(waiting.shift());
            }
        }
    }

    function say(number, text) {
        const progress = document.getElementById("sora-remix-progress");
        if (number === latest && progress) {
            progress.textContent = text;
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
        const chosen = fresh.querySelector("[name=endpoint][checked]")?.value;
        for (const radio of form.querySelectorAll("[name=endpoint]")) {
            radio.checked = radio.value === chosen;
        }
        const input = form.querySelector("[type=file]");
        if (input && input.files === files && !form.querySelector("#id_images_error")) {
            input.value = ""; // they are kept with the draft now
        }
        if (active && !active.isConnected) {
            (document.getElementById(active.id) ?? input ?? form.querySelector("[type=radio]:checked"))?.focus();
        }
    }

    /* Makes the old tree like the new one. Fields that are in both stay as they are: focus, caret
       and what was typed live in them. */
    function morph(old, fresh) {
        if (old.nodeType !== Node.ELEMENT_NODE) {
            if (old.data !== fresh.data) {
                old.data = fresh.data;
            }
            return;
        }
        morphAttributes(old, fresh);
        if (old.matches("textarea")) {
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

    /* What has a key is looked for among all that follows; the rest only where it should be. */
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
