"""The sample clips as files; without models, for it runs in processes of its own."""

import signal
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip


def draw_missing(folder: Path, scenes: Iterable[str]) -> dict[str, Path]:
    """Return the clips by scene, drawing those that are not there yet."""
    folder.mkdir(parents=True, exist_ok=True)
    clips = {scene: folder / f"{scene}.mp4" for scene in scenes}
    missing = {scene: clip for scene, clip in clips.items() if not clip.exists()}
    if missing:
        with ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=_hush) as pool:
            list(pool.map(_draw, missing.values(), missing))
    return clips


def _hush() -> None:
    # The parent is told of Ctrl-C and waits for the clip under way.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _draw(path: Path, scene: str) -> None:
    draft = path.with_suffix(".part")
    draw_clip(draft, scene, seconds=4, width=640, height=360)
    draft.replace(path)
