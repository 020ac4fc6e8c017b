"""Run many HTTP calls at once from synchronous code, without threads.

The caller claims rows and commits answers; the event loop runs only while the caller waits. One
loop serves a worker process for its whole life, so that connections are reused.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from functools import cache
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

Key = TypeVar("Key")
Answer = TypeVar("Answer")


@cache
def _runner(pid: int) -> asyncio.Runner:
    """Return the loop of this process; a forked worker must not use its parent's."""
    return asyncio.Runner()


def wait_for(call: Coroutine[Any, Any, Answer]) -> Answer:
    """Run one call to its end and return its result."""
    return _runner(os.getpid()).run(call)


class RequestPool(Generic[Key, Answer]):
    """Run a bounded number of calls at once, each under the caller's own key.

    Calls that are still running when the context is left are cancelled.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._calls: dict[asyncio.Task[Answer], Key] = {}

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
        """Return how many more calls may start."""
        return self._size - len(self._calls)

    @property
    def keys(self) -> list[Key]:
        """List the keys of the running calls."""
        return list(self._calls.values())

    def start(self, key: Key, call: Coroutine[Any, Any, Answer]) -> None:
        """Start a call; it makes progress only while `answers()` waits."""
        loop = _runner(os.getpid()).get_loop()
        self._calls[loop.create_task(call)] = key

    def answers(self, seconds: float, *, linger: float = 0) -> list[tuple[Key, Answer | Exception]]:
        """Wait up to this many seconds for the next answers; an exception is an answer.

        After the first, wait so many seconds for others, which cost less to settle together.
        """
        if not self._calls:
            return []
        done = wait_for(_first_done(list(self._calls), seconds, linger))
        # What ends the process is raised last: the answers beside it are paid for.
        answered = [call for call in done if not _is_fatal(call)] or list(done)
        return [(self._calls.pop(call), _answer(call)) for call in answered]


async def _first_done(
    calls: list[asyncio.Task[Answer]], seconds: float, linger: float
) -> set[asyncio.Task[Answer]]:
    done, _ = await asyncio.wait(calls, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    if done and linger:
        done, _ = await asyncio.wait(calls, timeout=linger)
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
