/* Shows the picture of the chosen video, and whether visitors see it. */
"use strict";

(() => {
    class VideoChooser extends window.Chooser {
        initHTMLElements(id) {
            super.initHTMLElements(id);
            this.picture = this.chooserElement.querySelector("[data-chooser-picture]");
            this.warning = this.chooserElement.querySelector("[data-chooser-warning]");
        }

        getStateFromHTML() {
            const state = super.getStateFromHTML();
            return state && { ...state, picture: this.picture.getAttribute("src") ?? "", warning: this.warning.textContent };
        }

        renderState(state) {
            super.renderState(state);
            this.warning.textContent = state.warning;
            this.warning.hidden = !state.warning;
            this.picture.hidden = !state.picture;
            if (state.picture) {
                this.picture.src = state.picture;
            } else {
                this.picture.removeAttribute("src");
            }
        }
    }

    const Fields = window.telepath.constructors["wagtail.admin.widgets.Chooser"];

    class VideoFields extends Fields {
        widgetClass = VideoChooser;
    }

    window.SoraRemixVideoChooser = VideoChooser;
    window.telepath.register("sora_remix.contrib.wagtail.VideoChooser", VideoFields);
})();
