"""Many HTTP calls at once from synchronous code, without threads.

The caller claims rows and commits answers; the event loop runs only while the caller waits. One
loop serves a worker process for its whole life, so that connections are used again.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from functools import cache
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Tag = TypeVar("Tag")
Answer = TypeVar("Answer")


@cache
def _runner(pid: int) -> asyncio.Runner:
    """Return the loop of this process; a forked worker must not use its parent's."""
    return asyncio.Runner()


def wait_for(call: Coroutine[Any, Any, Answer]) -> Answer:
    """Run one call to its end."""
    return _runner(os.getpid()).run(call)


class Flight(Generic[Tag, Answer]):
    """Hold a bounded number of calls in the air, each under the caller's own tag.

    Calls still in the air when the context is left are cancelled.
    """

    def __init__(self, places: int) -> None:
        self._places = places
        self._calls: dict[asyncio.Task[Answer], Tag] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        calls = list(self._calls)
        self._calls.clear()
        for call in calls:
            call.cancel()
        if calls:
            wait_for(_ended(calls))

    def __len__(self) -> int:
        return len(self._calls)

    @property
    def room(self) -> int:
        """Tell how many more calls may start."""
        return self._places - len(self._calls)

    @property
    def tags(self) -> list[Tag]:
        """List what is in the air."""
        return list(self._calls.values())

    def start(self, tag: Tag, call: Coroutine[Any, Any, Answer]) -> None:
        """Put a call in the air; it moves while somebody waits for answers."""
        loop = _runner(os.getpid()).get_loop()
        self._calls[loop.create_task(call)] = tag

    def answers(self, seconds: float) -> list[tuple[Tag, Answer | Exception]]:
        """Wait for the next answers, at most so many seconds; an exception is an answer."""
        if not self._calls:
            return []
        done = wait_for(_first_done(list(self._calls), seconds))
        # What ends the process is raised last: the answers beside it are paid for.
        answered = [call for call in done if not _is_fatal(call)] or list(done)
        return [(self._calls.pop(call), _answer(call)) for call in answered]


async def _first_done(
    calls: list[asyncio.Task[Answer]], seconds: float
) -> set[asyncio.Task[Answer]]:
    done, _ = await asyncio.wait(calls, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    return done


async def _ended(calls: list[asyncio.Task[Answer]]) -> None:
    await asyncio.gather(*calls, return_exceptions=True)


def _is_fatal(call: asyncio.Task[Answer]) -> bool:
    return not call.cancelled() and not isinstance(call.exception(), Exception | None)


def _answer(call: asyncio.Task[Answer]) -> Answer | Exception:
    if call.cancelled():
        return RuntimeError("The call was cancelled from within.")
    error = call.exception()
    if error is None:
        return call.result()
    if isinstance(error, Exception):
        return error
    raise error
