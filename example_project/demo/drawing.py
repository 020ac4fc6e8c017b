"""Draw the sample clips. This runs in separate processes, so it imports no models."""

import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip


def draw_missing(folder: Path, scenes: Iterable[str]) -> dict[str, Path]:
    """Return the clips by scene, and draw those that are missing."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = {scene: folder / f"{scene}.mp4" for scene in scenes}
    missing = {scene: clip for scene, clip in clips.items() if not clip.exists()}
    if missing:
        with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_hush) as pool:
            list(pool.map(_draw, missing.values(), missing))
    return clips


def _hush() -> None:
    # The parent handles Ctrl-C and waits for the current clip.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _draw(path: Path, scene: str) -> None:
    draft = path.with_suffix(".part")
    draw_clip(draft, scene, seconds=4, width=640, height=360)
    draft.replace(path)
