"""Serve media files, and downloads that fail."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from aiohttp import web

from .faults import HTTP_FAULTS, Call, Fault, cut_off
from .outputs import CONTENT_TYPES, SPRITESHEET
from .rules import Rule
from .stills import picture_bomb

CHUNK = 256 * 1024


def file_response(path: Path) -> web.FileResponse:
    """Return the file with the content type that fal gives it; Range is understood."""
    return web.FileResponse(path, headers={"Content-Type": CONTENT_TYPES[path.name]})


async def cut(call: Call, rule: Rule) -> web.StreamResponse:
    """Announce the full length, send half of it, then close the connection."""
    path, wanted = _wanted(call)
    response = await _start(call, length=len(wanted), partial=wanted)
    await _send(response, path, wanted[: len(wanted) // 2])
    return await cut_off(call.http, response)


async def no_length(call: Call, rule: Rule) -> web.StreamResponse:
    """Send everything, chunked, without Content-Length."""
    path, wanted = _wanted(call)
    response = await _start(call, length=None, partial=wanted)
    await _send(response, path, wanted)
    return response


async def wrong_length(call: Call, rule: Rule) -> web.StreamResponse:
    """Announce `bytes` more than exist, then close normally."""
    path, wanted = _wanted(call)
    excess = int(rule.parameters.get("bytes", 1000))
    response = await _start(call, length=len(wanted) + excess, partial=wanted)
    await _send(response, path, wanted)
    response.force_close()
    return response


async def endless(call: Call, rule: Rule) -> web.StreamResponse:
    """Send zeros after the file without a length, then close after `bytes` in all."""
    path, _ = _wanted(call)
    bound = int(rule.parameters.get("bytes", 64 * 1024 * 1024))
    whole = range(path.stat().st_size)
    response = await _start(call, length=None, partial=None)
    await _send(response, path, whole[:bound])
    for _ in range((bound - len(whole)) // CHUNK):
        await _write(response, bytes(CHUNK))
    return await cut_off(call.http, response)


async def html(call: Call, rule: Rule) -> web.StreamResponse:
    """Answer 200 with a web page."""
    return web.Response(text="<!doctype html><title>Sign in</title>", content_type="text/html")


async def not_video(call: Call, rule: Rule) -> web.StreamResponse:
    """Send a picture under the video's content type."""
    path, _ = _wanted(call)
    return web.Response(
        body=path.with_name(SPRITESHEET).read_bytes(),
        headers={"Content-Type": CONTENT_TYPES[path.name]},
    )


async def bomb_picture(call: Call, rule: Rule) -> web.StreamResponse:
    """Send a picture of few bytes that is `side` pixels wide and high."""
    body = picture_bomb(int(rule.parameters.get("side", 20_000)))
    return web.Response(body=body, content_type="image/png")


async def redirect(call: Call, rule: Rule) -> web.StreamResponse:
    """Redirect to the URL `to`."""
    return web.Response(
        status=int(rule.parameters.get("status", 302)),
        headers={"Location": str(rule.parameters.get("to", call.http.path))},
    )


async def slow(call: Call, rule: Rule) -> web.StreamResponse:
    """Send everything, `bytes_per_second` at a time."""
    path, wanted = _wanted(call)
    speed = int(rule.parameters.get("bytes_per_second", 10_000))
    step = max(1, speed // 10)
    response = await _start(call, length=len(wanted), partial=wanted)
    # By the clock: a busy machine must not make it slower still.
    clock = asyncio.get_running_loop().time
    begin = clock()
    for start in range(0, len(wanted), step):
        await _send(response, path, wanted[start : start + step])
        await asyncio.sleep(begin + (start + step) / speed - clock())
    return response


async def ignore_range(call: Call, rule: Rule) -> web.StreamResponse:
    """Ignore the Range header, and send the whole file with 200."""
    path, _ = _wanted(call)
    whole = range(path.stat().st_size)
    response = await _start(call, length=len(whole), partial=None)
    await _send(response, path, whole)
    return response


def _wanted(call: Call) -> tuple[Path, range]:
    """Return the file and the range that the Range header requests."""
    assert call.file
    try:
        wanted = range(call.file.stat().st_size)[call.http.http_range]
    except ValueError:
        wanted = range(0)
    if not wanted:
        raise web.HTTPRequestRangeNotSatisfiable
    return call.file, wanted


async def _start(call: Call, *, length: int | None, partial: range | None) -> web.StreamResponse:
    assert call.file
    response = web.StreamResponse(headers={"Content-Type": CONTENT_TYPES[call.file.name]})
    size = call.file.stat().st_size
    if partial is not None and len(partial) < size:
        response.set_status(206)
        response.headers["Content-Range"] = f"bytes {partial.start}-{partial.stop - 1}/{size}"
    if length is None:
        response.enable_chunked_encoding()
    response.content_length = length
    await response.prepare(call.http)
    return response


async def _send(response: web.StreamResponse, path: Path, part: range) -> None:
    async for chunk in _chunks(path, part):
        await _write(response, chunk)


async def _write(response: web.StreamResponse, chunk: bytes) -> None:
    await response.write(chunk)
    # Lets the loop notice that the receiver has gone.
    await asyncio.sleep(0)


async def _chunks(path: Path, part: range) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        file.seek(part.start)
        for start in range(0, len(part), CHUNK):
            yield file.read(min(CHUNK, len(part) - start))


DOWNLOAD_FAULTS: dict[str, Fault] = HTTP_FAULTS | {
    fault.__name__: fault
    for fault in (
        cut,
        no_length,
        wrong_length,
        endless,
        html,
        not_video,
        bomb_picture,
        redirect,
        slow,
        ignore_range,
    )
}
