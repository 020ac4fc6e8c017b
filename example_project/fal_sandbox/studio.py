"""The model's runner: moderation, rendering off the event loop, and the output."""

import asyncio
import functools
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .fal_queue import Request, Timing
from .library import Library, link
from .looks import LOOKS, choose_look
from .outcomes import Outcome, failed, forbidden_prompt, succeeded, unknown_video
from .schemas import merge
from .stills import write_stills
from .videos import Facts, read_facts, render

JSON = dict[str, Any]

CONTENT_TYPES = {
    "output.mp4": "video/mp4",
    "thumbnail.webp": "image/webp",
    "spritesheet.bin": "image/jpg",
}
VIDEO, THUMBNAIL, SPRITESHEET = CONTENT_TYPES


class Studio:
    """Runs requests; one rendering serves all requests for the same source and look."""

    def __init__(self, state: Path, library: Library, timing: Timing) -> None:
        self.files = state / "files" / "b"
        self.files.mkdir(parents=True, exist_ok=True)
        self.owners: dict[str, Request] = {}
        self._renders = state / "renders"
        self._renders.mkdir(exist_ok=True)
        for draft in self._renders.glob(".*"):
            shutil.rmtree(draft)
        self._library = library
        self._timing = timing
        self._tasks: dict[str, asyncio.Task[tuple[Path, Facts]]] = {}
        self._threads = ThreadPoolExecutor(max_workers=2)

    async def run(self, request: Request) -> Outcome:
        """Take the request's run time, or the rendering's when that is longer."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timing.run_seconds
        refusal, rendering = await self._work(request)
        await asyncio.sleep(max(0, end - loop.time()))
        if refusal or not rendering:
            return refusal or unknown_video(None)
        return self._publish(request, *rendering)

    def close(self) -> None:
        """Start no more renderings."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self, request: Request) -> tuple[Outcome | None, tuple[Path, Facts] | None]:
        failure = request.faults.get("fail")
        if failure is not None:
            return failed(
                failure.get("http_status", 500),
                failure.get("detail", "Internal Server Error"),
                failure.get("error_type"),
            ), None
        if "forbidden" in request.prompt.lower():
            return forbidden_prompt(request.prompt), None
        video_id = request.arguments[request.endpoint.source]
        source = self._library.find(video_id)
        if source is None:
            return unknown_video(video_id), None
        return None, await self._render(source, choose_look(request.prompt))

    async def _render(self, source: Path, look: str) -> tuple[Path, Facts]:
        key = rendering_key(source, look)
        task = self._tasks.get(key)
        if task is None or (task.done() and task.exception()):
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(self._threads, self._render_now, source, key, look)
            task = self._tasks[key] = asyncio.ensure_future(work)
        return await asyncio.shield(task)

    def _render_now(self, source: Path, key: str, look: str) -> tuple[Path, Facts]:
        folder = self._renders / key
        if not folder.exists():
            draft = self._renders / f".{key}.{secrets.token_hex(4)}"
            draft.mkdir()
            render(source, draft / VIDEO, LOOKS[look])
            write_stills(draft / VIDEO, draft / THUMBNAIL, draft / SPRITESHEET)
            draft.rename(folder)
        return folder, read_facts(folder / VIDEO)

    def _publish(self, request: Request, rendering: Path, facts: Facts) -> Outcome:
        token = secrets.token_urlsafe(16)
        folder = self.files / token
        folder.mkdir()
        for name in (THUMBNAIL, SPRITESHEET):
            link(rendering / name, folder / name)
        padding = int(request.faults.get("pad_bytes", {}).get("bytes", 0))
        write_video(rendering / VIDEO, folder / VIDEO, padding)
        self.owners[token] = request
        remember = not request.arguments.get("delete_video", True)
        video_id = self._library.add(rendering / VIDEO, remember=remember)
        output = describe(folder, f"{request.base_url}/files/b/{token}", facts)
        output["video_id"] = video_id
        output = {name: output[name] for name in request.endpoint.outputs}
        return succeeded(bend(output, request.faults), facts.duration)


def rendering_key(source: Path, look: str) -> str:
    """Name a rendering: links of one file share it, a replaced file gets its own."""
    facts = source.stat()
    return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{look}"


def write_video(rendering: Path, target: Path, padding: int) -> None:
    """Put the rendering in place, enlarged by a sparse MP4 `free` box if so asked."""
    if padding < 16:
        link(rendering, target)
        return
    shutil.copyfile(rendering, target)
    with target.open("r+b") as video:
        size = video.seek(0, 2) + padding
        # Size 1 announces a 64-bit size after the box's name.
        video.write((1).to_bytes(4) + b"free" + padding.to_bytes(8))
        video.truncate(size)


def describe(folder: Path, url: str, facts: Facts) -> JSON:
    """Return the output as Sora's was recorded, with nulls where fal has nulls."""
    video = {
        "url": f"{url}/{VIDEO}",
        "content_type": CONTENT_TYPES[VIDEO],
        "file_name": VIDEO,
        "file_size": (folder / VIDEO).stat().st_size,
    }
    return {
        "video": video | asdict(facts),
        "thumbnail": _image(f"{url}/{THUMBNAIL}", CONTENT_TYPES[THUMBNAIL]),
        "spritesheet": _image(f"{url}/{SPRITESHEET}", CONTENT_TYPES[SPRITESHEET]),
    }


def _image(url: str, content_type: str) -> JSON:
    unknown = dict.fromkeys(("file_name", "file_size", "width", "height"))
    return {"url": url, "content_type": content_type} | unknown


def bend(output: JSON, faults: dict[str, JSON]) -> JSON:
    """Apply the rules that change the output."""
    if "no_extras" in faults:
        output = output | {"thumbnail": None, "spritesheet": None}
    changes = faults.get("output", {})
    output = merge(output, changes.get("merge", {}))
    for path in changes.get("nulls", ()):
        *parents, name = path.split(".")
        functools.reduce(lambda place, key: place[key], parents, output)[name] = None
    return output
