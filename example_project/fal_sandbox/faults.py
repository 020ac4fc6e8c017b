"""Misbehaviour of any HTTP call."""

import asyncio
import gzip
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from aiohttp import web

from .rules import Rule


@dataclass(frozen=True)
class Call:
    """A call to be answered: its kind, what a rule may match, and the work that answers it."""

    http: web.Request
    kind: str
    text: str
    work: Callable[[], web.StreamResponse]
    file: Path | None = None


Fault = Callable[[Call, Rule], Awaitable[web.StreamResponse]]
FAULT = "fal_sandbox.fault"
"""Key of an HTTP request for the name of its fault."""
LOST_ANSWER = {"drop_after", "stall", "answer_after", "cut", "garbage", "drip", "bomb"}
"""Faults that do the work but never send its answer."""


def abort(http: web.Request) -> web.Response:
    """Close the connection. Only aiohttp sees the returned response."""
    if http.transport:
        http.transport.abort()
    return web.Response()


async def drop_before(call: Call, rule: Rule) -> web.StreamResponse:
    """Close the connection without doing anything."""
    return abort(call.http)


async def drop_after(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, then close the connection without an answer."""
    call.work()
    return abort(call.http)


async def stall(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, hold the connection for `seconds`, then close it without an answer."""
    call.work()
    await asyncio.sleep(float(rule.parameters.get("seconds", 30)))
    return abort(call.http)


async def delay(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, wait for `seconds`, then answer properly."""
    response = call.work()
    await asyncio.sleep(float(rule.parameters.get("seconds", 1)))
    return response


async def answer(call: Call, rule: Rule) -> web.StreamResponse:
    """Answer `status`, `headers`, `body` instead of doing the work."""
    return _canned(rule.parameters)


async def answer_after(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, but answer `status`, `headers`, `body`."""
    call.work()
    return _canned(rule.parameters)


async def cut(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, answer with half of the body, then close the connection."""
    whole = call.work()
    body = whole.body if isinstance(whole, web.Response) else b""
    assert isinstance(body, bytes)
    part = web.StreamResponse(status=whole.status, headers=whole.headers)
    part.content_length = len(body)
    await part.prepare(call.http)
    await part.write(body[: len(body) // 2])
    return await cut_off(call.http, part)


async def cut_off(http: web.Request, part: web.StreamResponse) -> web.StreamResponse:
    """Close the connection in the middle of a response."""
    # What has been written must leave before the connection goes.
    await asyncio.sleep(0.05)
    abort(http)
    return part


async def garbage(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, but answer 200 with text that is no JSON."""
    call.work()
    return web.Response(text='{"request_id": "<html>', content_type="application/json")


async def drip(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, then send a space every few `seconds` forever."""
    call.work()
    part = web.StreamResponse(headers={"Content-Type": "application/json"})
    await part.prepare(call.http)
    while True:
        await part.write(b" ")
        await asyncio.sleep(float(rule.parameters.get("seconds", 0.1)))


async def bomb(call: Call, rule: Rule) -> web.StreamResponse:
    """Do the work, then answer with JSON that gzip packs to a thousandth of its `megabytes`."""
    call.work()
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    return web.Response(headers=headers, body=_packed(int(rule.parameters.get("megabytes", 64))))


@cache
def _packed(megabytes: int) -> bytes:
    # It takes a second, in which nobody else is answered.
    return gzip.compress(b"[" + b" " * megabytes * 1024**2 + b"]", 9)


def _canned(parameters: dict[str, Any]) -> web.Response:
    body, headers = parameters.get("body", ""), dict(parameters.get("headers", {}))
    if not isinstance(body, str):
        body = json.dumps(body)
        headers.setdefault("Content-Type", "application/json")
    headers.setdefault("Content-Type", "text/plain; charset=utf-8")
    status = int(parameters.get("status", 500))
    return web.Response(status=status, headers=headers, body=body.encode())


HTTP_FAULTS: dict[str, Fault] = {
    fault.__name__: fault
    for fault in (
        drop_before,
        drop_after,
        stall,
        delay,
        answer,
        answer_after,
        cut,
        garbage,
        drip,
        bomb,
    )
}
