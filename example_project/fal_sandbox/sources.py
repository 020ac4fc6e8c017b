"""The source that a request names, found, fetched and checked."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from pathlib import Path
from typing import TypeVar

from .fal_queue import Request
from .fetching import Fetcher, FetchFailed, TooLarge, shown
from .inspection import inspect_clip, inspect_picture
from .library import Library
from .limits import MEGABYTE, Limits
from .outcomes import Refusal, model_error, unknown_video

Place = Sequence[str | int]
Found = TypeVar("Found")
MAX_PICTURE = 10 * MEGABYTE


class Sources:
    """Finds sources by id in the library, or by URL."""

    def __init__(self, library: Library, fetcher: Fetcher, threads: Executor) -> None:
        self._library = library
        self._fetcher = fetcher
        self._threads = threads

    async def find(self, request: Request) -> Path:
        """Return the source's file. Raise Refusal if it or a reference image is not accepted."""
        endpoint, name = request.endpoint, request.endpoint.source
        value = request.arguments[name]
        if name == "video_id":
            return self._find_by_id(value)
        limits = endpoint.limits
        at: Place = ("body", name)
        source = await self._fetch(value, limits.max_bytes, at, "fetch")
        await self._inspect(inspect_clip, source, limits, at, value)
        for at, url in picture_urls(request):
            picture = await self._fetch(url, MAX_PICTURE, at, "fetch_picture")
            await self._inspect(inspect_picture, picture, limits, at, url)
        return source

    def _find_by_id(self, video_id: str) -> Path:
        source = self._library.find(video_id)
        if source is None:
            raise Refusal(unknown_video(video_id))
        return source

    async def _fetch(self, url: str, most: int, at: Place, kind: str) -> Path:
        try:
            return await self._fetcher.fetch(url, most, kind)
        except TooLarge:
            text = f"File size exceeds the maximum allowed size of {most} bytes."
            error = model_error(422, "file_too_large", text, at, shown(url), max_size=most)
        except FetchFailed:
            text = "Failed to download the file. Please check if the URL is accessible."
            error = model_error(422, "file_download_error", text, at, shown(url))
        raise Refusal(error)

    async def _inspect(
        self,
        inspect: Callable[[Path, Limits, Place, str], Found],
        path: Path,
        limits: Limits,
        at: Place,
        url: str,
    ) -> Found:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, inspect, path, limits, at, shown(url))


def picture_urls(request: Request) -> Iterator[tuple[Place, str]]:
    """Yield every reference image's place in the body and URL."""
    for name in request.endpoint.pictures:
        yield from _texts(request.arguments.get(name), ("body", name))


def _texts(value: object, at: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(value, str):
        yield at, value
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _texts(item, (*at, index))
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, (*at, name))
