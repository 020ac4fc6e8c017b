/* Stops videos that start by themselves, for visitors who prefer less motion. */
if (matchMedia("(prefers-reduced-motion: reduce)").matches) {
    for (const video of document.querySelectorAll(".sora-remix-video video[autoplay]")) {
        video.autoplay = false;
        video.pause();
    }
}
