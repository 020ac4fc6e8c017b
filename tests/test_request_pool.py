"""Many calls at once, a bounded number of them, and none that outlives its pool."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from sora_remix.request_pool import RequestPool, wait_for

ROOT = Path(__file__).resolve().parents[1]

FORKED = """
import asyncio, os
from sora_remix.request_pool import RequestPool, wait_for

async def send(letter):
    os.write(1, letter)

with RequestPool(2) as pool:
    pool.start("only the parent's", send(b"p"))
    child = os.fork()
    if not child:
        wait_for(send(b"c"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    while pool:
        pool.answers(10)
"""


class Stop(BaseException):
    """Something that ends the process, as a signal does."""


async def _say(word: str) -> str:
    return word


async def _break(error: BaseException) -> str:
    raise error


class _Gate:
    """Hold calls back, and note which were cancelled."""

    def __init__(self) -> None:
        self.event = asyncio.Event()
        self.cancelled: list[str] = []

    async def pass_through(self, word: str) -> str:
        try:
            await self.event.wait()
        except asyncio.CancelledError:
            self.cancelled.append(word)
            raise
        return word

    async def open(self) -> None:
        self.event.set()


def test_single_call_is_run_to_its_end() -> None:
    assert wait_for(_say("done")) == "done"


def test_one_event_loop_serves_all_calls_of_a_process() -> None:
    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    assert wait_for(loop()) is wait_for(loop())


def test_each_answer_comes_with_its_key() -> None:
    with RequestPool[int, str](3) as pool:
        for number, word in enumerate(["a", "b", "c"]):
            pool.start(number, _say(word))
        answers = pool.answers(10)

    assert sorted(answers, key=str) == [(0, "a"), (1, "b"), (2, "c")]


def test_free_slots_shrink_with_each_start_and_grow_with_each_answer() -> None:
    rooms = []
    with RequestPool[int, str](2) as pool:
        rooms.append(pool.room)
        pool.start(1, _say("a"))
        rooms.append(pool.room)
        pool.answers(10)
        rooms.append(pool.room)

    assert rooms == [2, 1, 2]


def test_finished_answer_does_not_wait_for_the_others() -> None:
    with RequestPool[str, str](2) as pool:
        pool.start("slow", asyncio.sleep(600, "slow"))
        pool.start("fast", _say("fast"))

        assert pool.answers(10) == [("fast", "fast")]
        assert (pool.keys, len(pool)) == (["slow"], 1)


def test_calls_stay_open_while_nobody_waits() -> None:
    gate = _Gate()
    with RequestPool[str, str](1) as pool:
        pool.start("slow", gate.pass_through("at last"))
        before = pool.answers(0.01)
        wait_for(gate.open())

        assert (before, pool.answers(10)) == ([], [("slow", "at last")])


def test_waiting_without_calls_ends_at_once() -> None:
    with RequestPool[str, str](1) as pool:
        assert pool.answers(10) == []


def test_exception_is_returned_as_an_answer() -> None:
    error = ValueError("no")
    with RequestPool[str, str](2) as pool:
        pool.start("broken", _break(error))

        assert pool.answers(10) == [("broken", error)]


def test_base_exception_is_raised() -> None:
    with RequestPool[str, str](2) as pool:
        pool.start("stopped", _break(Stop()))

        with pytest.raises(Stop):
            pool.answers(10)


def test_exit_is_raised_after_the_other_answers() -> None:
    with RequestPool[str, str](2) as pool:
        pool.start("stopped", _break(Stop()))
        pool.start("paid", _say("paid"))

        assert pool.answers(10) == [("paid", "paid")]
        with pytest.raises(Stop):
            pool.answers(10)


def test_cancelled_call_is_an_answer() -> None:
    with RequestPool[str, str](2) as pool:
        pool.start("cancelled", _break(asyncio.CancelledError()))

        [(key, answer)] = pool.answers(10)

    assert (key, type(answer)) == ("cancelled", RuntimeError)


def test_what_is_running_at_the_end_is_cancelled() -> None:
    gate = _Gate()
    with RequestPool[str, str](2) as pool:
        pool.start("one", gate.pass_through("one"))
        pool.start("two", gate.pass_through("two"))
        pool.answers(0.01)

    assert (sorted(gate.cancelled), len(pool)) == (["one", "two"], 0)


def _start_and_break(call: Coroutine[Any, Any, str], seconds: float) -> None:
    with RequestPool[str, str](1) as pool:
        pool.start("one", call)
        pool.answers(seconds)
        raise KeyError


def test_exception_of_the_caller_cancels_the_calls_and_is_raised() -> None:
    gate = _Gate()

    with pytest.raises(KeyError):
        _start_and_break(gate.pass_through("one"), 0.01)

    assert gate.cancelled == ["one"]


def test_after_an_exception_the_next_pool_works() -> None:
    with pytest.raises(KeyError):
        _start_and_break(_say("never heard"), 10)

    assert wait_for(_say("again")) == "again"


def test_forked_child_makes_only_its_own_calls() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED], cwd=ROOT, capture_output=True, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, b"cp"), done.stderr


def test_first_answer_waits_for_others_that_are_close() -> None:
    async def say_later(word: str) -> str:
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return word

    with RequestPool[str, str](2) as pool:
        pool.start("first", _say("a"))
        pool.start("second", say_later("b"))

        assert len(pool.answers(10, linger=10)) == 2


def test_first_answer_does_not_wait_for_one_that_does_not_come() -> None:
    async def never() -> str:
        await asyncio.Event().wait()
        return ""

    with RequestPool[str, str](2) as pool:
        pool.start("first", _say("a"))
        pool.start("second", never())

        assert pool.answers(10, linger=0.01) == [("first", "a")]
