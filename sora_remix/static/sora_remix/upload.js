/* Uploads each chosen or dropped file by a request of its own, one after the other.
   Without this script, the form sends all of them at once. */
"use strict";

document.addEventListener("DOMContentLoaded", () => {
    const root = document.getElementById("sora-remix-upload");
    if (!root) {
        return;
    }
    const form = root.querySelector("form");
    const input = form.querySelector("[type=file]");
    const list = root.querySelector(".sora-remix-uploads");
    const uploaded = root.querySelector(".sora-remix-uploaded");
    const show = uploaded.querySelector("a");
    const showUrl = show?.href;
    const MOST = root.querySelector("template").content.querySelector("input").maxLength;
    const lines = [];
    let isSending = false;
    let isOwnPicture = false;

    form.querySelector(".sora-remix-drop-text").hidden = false;
    form.querySelector("[type=submit]").hidden = true;
    root.dataset.script = "on";
    input.addEventListener("change", take);
    /* Anywhere on the page: a file that is dropped beside the form would replace the page. */
    document.addEventListener("dragover", (event) => {
        if (hasFiles(event)) {
            event.preventDefault();
            form.classList.add("sora-remix-over");
        }
    });
    document.addEventListener("dragleave", ({ relatedTarget }) => {
        if (!relatedTarget) {
            form.classList.remove("sora-remix-over");
        }
    });
    document.addEventListener("drop", drop);
    document.addEventListener("dragstart", () => (isOwnPicture = true));
    document.addEventListener("dragend", () => (isOwnPicture = false));
    window.addEventListener("beforeunload", (event) => {
        if (lines.some(({ state }) => ["waiting", "sending", "checking"].includes(state))) {
            event.preventDefault();
        }
    });

    function take() {
        [...input.files].forEach((file) => add(file));
        input.value = "";
    }

    /* A picture of this page that is dragged is a file, too. */
    function hasFiles({ dataTransfer }) {
        return !isOwnPicture && dataTransfer.types.includes("Files");
    }

    function drop(event) {
        form.classList.remove("sora-remix-over");
        if (!hasFiles(event)) {
            return;
        }
        event.preventDefault();
        for (const item of [...event.dataTransfer.items].filter(({ kind }) => kind === "file")) {
            add(item.getAsFile(), item.webkitGetAsEntry?.()?.isDirectory ? root.dataset.folder : "");
        }
    }

    function add(file, problem = "") {
        const line = new Line(file);
        const isTwice = lines.some((one) => isSame(one.file, file));
        if (problem || isTwice) {
            line.refuse(problem || root.dataset.twice);
        } else {
            lines.push(line);
            line.set("waiting");
            sendNext();
        }
        summarize();
    }

    function isSame(one, other) {
        return ["name", "size", "lastModified"].every((part) => one[part] === other[part]);
    }

    async function sendNext() {
        const line = isSending ? null : lines.find(({ state }) => state === "waiting");
        if (line) {
            isSending = true;
            await line.send();
            isSending = false;
            sendNext();
        }
        summarize();
    }

    function summarize() {
        const { summary, someFailed, remixOne, remixMany } = root.dataset;
        const done = lines.filter(({ video }) => video);
        const failed = lines.filter(({ state }) => state === "failed");
        const parts = lines.length ? [fill(summary, { done: done.length, many: lines.length })] : [];
        if (failed.length) {
            parts.push(fill(someFailed, { failed: failed.length }));
        }
        const text = parts.join(" ");
        const said = root.querySelector("[role=status]");
        if (said.textContent !== text) {
            said.textContent = text;
        }
        uploaded.hidden = !done.length || isSending;
        if (show) {
            show.href = `${showUrl}?id__in=${done.map(({ video }) => video.pk).join(",")}`;
        }
        const remix = uploaded.querySelector("form");
        if (remix) {
            remix.querySelectorAll("[name=_selected_action]").forEach((one) => one.remove());
            remix.append(...done.map(({ video }) => hidden("_selected_action", video.pk)));
            remix.querySelector("button").textContent =
                done.length === 1 ? remixOne : fill(remixMany, { many: done.length });
        }
    }

    function hidden(name, value) {
        const field = document.createElement("input");
        return Object.assign(field, { type: "hidden", name, value });
    }

    function fill(text, values) {
        return text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
    }

    function titleOf(name) {
        const words = name.normalize("NFC").replace(/\.\w{1,5}$/, "").replace(/[\s_-]+/g, " ").trim();
        return [...(words || name)].slice(0, MOST).join(""); // as characters, which the server counts
    }

    /* randomUUID() exists on https only. */
    function newKey() {
        const bytes = crypto.getRandomValues(new Uint8Array(16));
        return Array.from(bytes, (one) => one.toString(16).padStart(2, "0")).join("");
    }

    class Line {
        constructor(file) {
            Object.assign(this, { file, key: newKey(), state: "", video: null, isRepeated: false });
            this.element = root.querySelector("template").content.cloneNode(true).firstElementChild;
            this.title = this.find("input");
            this.bar = this.find("progress");
            this.button = this.find("button");
            this.find(".sora-remix-upload-name").textContent = file.name;
            this.title.value = titleOf(file.name);
            this.name(this.bar, this.find(".sora-remix-upload-name"));
            this.describe();
            this.button.addEventListener("click", () => this.again());
            this.title.addEventListener("change", () => this.video && this.saveTitle());
            list.append(this.element);
        }

        find(selector) {
            return this.element.querySelector(selector);
        }

        name(element, ...by) {
            by.forEach((one) => (one.id ||= `sora-remix-upload-${newKey()}`));
            element.setAttribute("aria-labelledby", by.map(({ id }) => id).join(" "));
        }

        describe() {
            const label = this.find("label > span");
            const file = this.find(".sora-remix-upload-name");
            const note = this.find(".sora-remix-upload-note");
            note.id = `sora-remix-upload-${newKey()}`;
            this.title.setAttribute("aria-describedby", note.id);
            this.name(this.title, label, file);
            this.button.id = `sora-remix-upload-${newKey()}`;
            this.name(this.button, this.button, file);
            this.link = this.find("a");
            this.link.id = `sora-remix-upload-${newKey()}`;
            this.name(this.link, this.link, file);
        }

        set(state) {
            this.state = state;
            this.element.className = `sora-remix-upload-${state}`;
            this.find(".sora-remix-upload-state").textContent = root.dataset[state];
            this.bar.hidden = !["waiting", "sending", "checking"].includes(state);
            this.button.hidden = state !== "failed";
        }

        note(texts, isWarning = false) {
            const note = this.find(".sora-remix-upload-note");
            note.replaceChildren(
                ...texts.map((text) => Object.assign(document.createElement("p"), { textContent: text })),
            );
            note.hidden = !texts.length;
            note.classList.toggle("sora-remix-upload-warning", isWarning);
        }

        /* It is no part of the list: its button would send another file's bytes a second time. */
        refuse(problem) {
            this.set("failed");
            this.button.hidden = true;
            this.title.readOnly = true;
            this.note([problem]);
        }

        async again() {
            this.note([]);
            this.title.focus();
            if (this.video) {
                this.button.hidden = true;
                if (!(await this.renew())) { // which saves the title, if it still differs
                    return;
                }
                this.video = null; // somebody has deleted it
                this.link.hidden = true;
            }
            this.isRepeated = true;
            this.set("waiting");
            sendNext();
        }

        async send() {
            this.set("sending");
            this.note([]);
            if (!this.isRepeated || (await this.renew())) {
                await this.post();
            }
        }

        /* Asks whether the file has arrived after all, and for a token: logging in changes it.
           Returns whether it must be sent. */
        async renew() {
            try {
                const url = `${form.action}?upload_key=${this.key}`;
                const { status, answer } = await request(url, {});
                if (answer?.token) {
                    renewToken(answer.token);
                }
                if (answer?.video) {
                    this.finish(answer.video);
                } else if (!answer?.token) {
                    this.stop(problems(status, answer));
                }
                return Boolean(answer?.token && !answer.video);
            } catch {
                this.stop([root.dataset.lost]);
                return false;
            }
        }

        post() {
            return new Promise((resolve) => {
                const sent = new XMLHttpRequest();
                sent.open("POST", form.action);
                sent.setRequestHeader("Accept", "application/json");
                sent.upload.addEventListener("progress", ({ loaded, total }) => {
                    this.bar.value = total ? loaded / total : 0;
                });
                sent.upload.addEventListener("load", () => {
                    this.bar.removeAttribute("value");
                    this.set("checking");
                });
                sent.addEventListener("load", () => {
                    const answer = parse(sent.responseText);
                    if (answer?.video) {
                        this.finish(answer.video);
                    } else {
                        this.stop(problems(sent.status, answer, sent.responseURL !== form.action));
                    }
                });
                sent.addEventListener("error", () => this.stop([root.dataset.lost]));
                sent.addEventListener("abort", () => this.stop([root.dataset.lost]));
                sent.addEventListener("loadend", resolve);
                this.sentTitle = this.title.value;
                sent.send(body({ title: this.sentTitle, upload_key: this.key, file: this.file }));
            });
        }

        finish(video) {
            this.video = video;
            this.set("done");
            this.note(video.warning ? [video.warning] : [], true);
            this.link.hidden = !video.url;
            this.link.href = video.url;
            this.title.readOnly = !video.title_url;
            if (!video.title_url || this.title.value === (this.sentTitle ?? video.title)) {
                this.title.value = video.title;
            } else if (this.title.value !== video.title) {
                this.saveTitle();
            }
        }

        async saveTitle() {
            if (this.title.value === this.video.title) {
                this.finish(this.video);
                return;
            }
            try {
                const options = { method: "POST", body: body({ title: this.title.value }) };
                const { status, answer } = await request(this.video.title_url, options);
                if (answer?.video) {
                    this.sentTitle = this.title.value;
                    this.finish(answer.video);
                } else {
                    this.stop(problems(status, answer));
                }
            } catch {
                this.stop([root.dataset.lost]);
            }
        }

        /* Says what went wrong, but what has arrived stays uploaded. */
        stop(texts) {
            if (!this.video) {
                this.set("failed");
            }
            this.note(texts);
            this.button.hidden = false;
        }
    }

    function body(values) {
        const data = new FormData();
        data.append("csrfmiddlewaretoken", form.elements.csrfmiddlewaretoken.value);
        Object.entries(values).forEach(([name, value]) => data.append(name, value));
        return data;
    }

    function renewToken(token) {
        document.querySelectorAll("[name=csrfmiddlewaretoken]").forEach((one) => (one.value = token));
    }

    async function request(url, options) {
        const headers = { Accept: "application/json" };
        const response = await fetch(url, { ...options, headers, redirect: "manual" });
        const isRedirect = response.type === "opaqueredirect";
        return { status: isRedirect ? 401 : response.status, answer: parse(await response.text()) };
    }

    function parse(text) {
        try {
            return JSON.parse(text);
        } catch {
            return null;
        }
    }

    /* A login page that was led to is no success, whatever its status. */
    function problems(status, answer, isElsewhere = false) {
        if (answer?.errors?.length) {
            return answer.errors;
        }
        if (isElsewhere || [401, 403].includes(status)) {
            return [root.dataset.loggedOut];
        }
        return [status === 413 ? root.dataset.tooLarge : root.dataset.refused];
    }

    take(); // files that were chosen before this script was there
});
