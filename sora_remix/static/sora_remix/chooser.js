/* Shows videos with their pictures in Django's autocomplete, and the chosen one below it. */
"use strict";

(() => {
    const CHOOSER = ".sora-remix-chooser";

    /* Only then are Django's scripts there: it orders the scripts of fields in its own way. */
    document.addEventListener("DOMContentLoaded", () => {
        document.querySelectorAll(`${CHOOSER}:not([name*=__prefix__])`).forEach(start);
    });
    document.addEventListener("formset:added", ({ target }) => {
        target.querySelectorAll(CHOOSER).forEach(start);
    });

    function start(select) {
        const data = ({ term, page }) => ({ term, page, approved: select.dataset.approved });
        let shown = select.value;
        django.jQuery(select)
            .select2({ ajax: { data }, templateResult: row })
            .on("select2:select", ({ params }) => {
                shown = params.data.id;
                show(select, params.data.preview);
            })
            /* Django's pop-up windows choose and remove videos without Select2. */
            .on("change", () => select.value === shown || show(select, ""));
    }

    /* The preview is HTML that the server has escaped. */
    function show(select, preview) {
        const chosen = select.parentElement.querySelector(".sora-remix-chosen");
        if (chosen && preview !== undefined) {
            chosen.innerHTML = preview;
        }
    }

    function row({ id, text, picture, note }) {
        if (!id) {
            return text;
        }
        const line = element("span", "sora-remix-choice");
        const image = picture ? element("img", "sora-remix-thumbnail") : element("span", "sora-remix-thumbnail", "▶");
        if (picture) {
            image.src = picture;
            image.alt = "";
        } else {
            image.setAttribute("aria-hidden", "true");
        }
        line.append(image, element("span", "", text), element("span", "quiet", note));
        return django.jQuery(line);
    }

    function element(tag, className, text = "") {
        const made = document.createElement(tag);
        made.className = className;
        made.textContent = text;
        return made;
    }
})();
