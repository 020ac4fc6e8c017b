"""The model's runner: moderation, rendering off the event loop, and the output."""

import asyncio
import secrets
import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from .fal_queue import Request, Timing
from .fetching import Fetcher
from .library import Library, link
from .looks import LOOKS, choose_look
from .outcomes import Outcome, Refusal, failed, forbidden_prompt, succeeded
from .outputs import SPRITESHEET, THUMBNAIL, VIDEO, bend, describe, write_video
from .sources import Sources
from .stills import write_stills
from .videos import Facts, read_facts, render


@dataclass(frozen=True)
class Plan:
    """What is to be made of a source."""

    source: Path
    look: str
    seconds: float | None
    """Where it is cut, None to keep all of it."""
    sound: bool

    @property
    def key(self) -> str:
        """A name: links of one file share it, a replaced file gets its own."""
        facts, cut = self.source.stat(), "" if self.seconds is None else f"-{self.seconds:g}"
        mute = "" if self.sound else "-mute"
        return f"{facts.st_ino:x}-{facts.st_mtime_ns:x}-{self.look}{cut}{mute}"


@dataclass(frozen=True)
class Rendering:
    """What was made of a source, and how much of the source was used."""

    folder: Path
    facts: Facts
    source_seconds: float = 0.0


class Studio:
    """Runs requests; one rendering serves all requests for the same plan."""

    def __init__(self, state: Path, library: Library, fetcher: Fetcher, timing: Timing) -> None:
        self.files = state / "files" / "b"
        self.files.mkdir(parents=True, exist_ok=True)
        self.owners: dict[str, Request] = {}
        self._renders = state / "renders"
        self._renders.mkdir(exist_ok=True)
        for draft in self._renders.glob(".*"):
            shutil.rmtree(draft)
        self._library = library
        self._timing = timing
        self._tasks: dict[str, asyncio.Task[Rendering]] = {}
        self._threads = ThreadPoolExecutor(max_workers=2)
        self._sources = Sources(library, fetcher, self._threads)

    async def run(self, request: Request) -> Outcome:
        """Take the request's run time, or the work's when that is longer."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._timing.run_seconds
        refusal: Outcome | None = None
        try:
            rendering = await self._work(request)
        except Refusal as error:
            refusal = error.outcome
        await asyncio.sleep(max(0, end - loop.time()))
        return refusal or self._publish(request, rendering)

    def close(self) -> None:
        """Start no more renderings."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _work(self, request: Request) -> Rendering:
        failure = request.faults.get("fail")
        if failure is not None:
            status, detail = failure.get("http_status", 500), failure.get("detail")
            detail = "Internal Server Error" if detail is None else detail
            raise Refusal(failed(status, detail, failure.get("error_type")))
        if "forbidden" in request.prompt.lower():
            raise Refusal(forbidden_prompt(request.prompt))
        source = await self._sources.find(request)
        loop = asyncio.get_running_loop()
        facts = await loop.run_in_executor(self._threads, read_facts, source)
        plan, used = make_plan(request, source, facts.duration)
        rendering = await self._render(plan)
        return Rendering(rendering.folder, rendering.facts, used)

    async def _render(self, plan: Plan) -> Rendering:
        task = self._tasks.get(plan.key)
        if task is None or (task.done() and task.exception()):
            loop = asyncio.get_running_loop()
            work = loop.run_in_executor(self._threads, self._render_now, plan)
            task = self._tasks[plan.key] = asyncio.ensure_future(work)
        return await asyncio.shield(task)

    def _render_now(self, plan: Plan) -> Rendering:
        folder = self._renders / plan.key
        if not folder.exists():
            draft = self._renders / f".{plan.key}.{secrets.token_hex(4)}"
            draft.mkdir()
            video, chain = draft / VIDEO, LOOKS[plan.look]
            render(plan.source, video, chain, seconds=plan.seconds, sound=plan.sound)
            write_stills(video, draft / THUMBNAIL, draft / SPRITESHEET)
            draft.rename(folder)
        return Rendering(folder, read_facts(folder / VIDEO))

    def _publish(self, request: Request, made: Rendering) -> Outcome:
        token = secrets.token_urlsafe(16)
        folder = self.files / token
        folder.mkdir()
        for name in (THUMBNAIL, SPRITESHEET):
            link(made.folder / name, folder / name)
        write_video(made.folder / VIDEO, folder / VIDEO, request.faults)
        self.owners[token] = request
        url = f"{request.base_url}/files/b/{token}"
        output = describe(request, folder, url, made.facts)
        if "video_id" in request.endpoint.outputs:
            remember = not request.arguments.get("delete_video", True)
            output["video_id"] = self._library.add(made.folder / VIDEO, remember=remember)
        seconds = made.source_seconds, made.facts.duration
        units = request.endpoint.units(request.arguments, *seconds)
        return succeeded(bend(output, request.faults), round(units, 6))


def make_plan(request: Request, source: Path, seconds: float) -> tuple[Plan, float]:
    """Return the plan, and how many of the source's seconds are used."""
    endpoint, arguments = request.endpoint, request.arguments
    used = min(seconds, endpoint.limits.cut_at or seconds)
    length = endpoint.length(arguments, used)
    cut = length if length < seconds else None
    sound = arguments.get("keep_audio", True)
    return Plan(source, choose_look(request.prompt), cut, sound), used
