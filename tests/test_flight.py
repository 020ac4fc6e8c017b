"""A bounded number of simultaneous calls, all finished or cancelled at the end."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from sora_remix.flight import Flight, wait_for

ROOT = Path(__file__).resolve().parents[1]

FORKED = """
import asyncio, os
from sora_remix.flight import Flight, wait_for

async def send(letter):
    os.write(1, letter)

with Flight(2) as flight:
    flight.start("only the parent's", send(b"p"))
    child = os.fork()
    if not child:
        wait_for(send(b"c"))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    while flight:
        flight.answers(10)
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


def test_each_answer_has_the_key_of_its_call() -> None:
    with Flight[int, str](3) as flight:
        for number, word in enumerate(["a", "b", "c"]):
            flight.start(number, _say(word))
        answers = flight.answers(10)

    assert sorted(answers, key=str) == [(0, "a"), (1, "b"), (2, "c")]


def test_free_slots_shrink_with_each_start_and_grow_with_each_answer() -> None:
    rooms = []
    with Flight[int, str](2) as flight:
        rooms.append(flight.room)
        flight.start(1, _say("a"))
        rooms.append(flight.room)
        flight.answers(10)
        rooms.append(flight.room)

    assert rooms == [2, 1, 2]


def test_finished_answer_does_not_wait_for_the_others() -> None:
    with Flight[str, str](2) as flight:
        flight.start("slow", asyncio.sleep(2, "slow"))
        flight.start("fast", _say("fast"))

        assert flight.answers(10) == [("fast", "fast")]
        assert (flight.tags, len(flight)) == (["slow"], 1)


def test_calls_continue_while_nobody_waits() -> None:
    gate = _Gate()
    with Flight[str, str](1) as flight:
        flight.start("slow", gate.pass_through("at last"))
        before = flight.answers(0.01)
        wait_for(gate.open())

        assert (before, flight.answers(10)) == ([], [("slow", "at last")])


def test_waiting_without_calls_ends_at_once() -> None:
    with Flight[str, str](1) as flight:
        assert flight.answers(10) == []


def test_exception_is_returned_as_an_answer() -> None:
    error = ValueError("no")
    with Flight[str, str](2) as flight:
        flight.start("broken", _break(error))

        assert flight.answers(10) == [("broken", error)]


def test_base_exception_is_raised() -> None:
    with Flight[str, str](2) as flight:
        flight.start("stopped", _break(Stop()))

        with pytest.raises(Stop):
            flight.answers(10)


def test_exit_is_raised_after_the_other_answers() -> None:
    with Flight[str, str](2) as flight:
        flight.start("stopped", _break(Stop()))
        flight.start("paid", _say("paid"))

        assert flight.answers(10) == [("paid", "paid")]
        with pytest.raises(Stop):
            flight.answers(10)


def test_cancelled_call_is_an_answer() -> None:
    with Flight[str, str](2) as flight:
        flight.start("cancelled", _break(asyncio.CancelledError()))

        [(tag, answer)] = flight.answers(10)

    assert (tag, type(answer)) == ("cancelled", RuntimeError)


def test_unfinished_calls_are_cancelled_at_the_end() -> None:
    gate = _Gate()
    with Flight[str, str](2) as flight:
        flight.start("one", gate.pass_through("one"))
        flight.start("two", gate.pass_through("two"))
        flight.answers(0.01)

    assert (sorted(gate.cancelled), len(flight)) == (["one", "two"], 0)


def _fly_and_break(call: Coroutine[Any, Any, str], seconds: float) -> None:
    with Flight[str, str](1) as flight:
        flight.start("one", call)
        flight.answers(seconds)
        raise KeyError


def test_exception_of_the_caller_cancels_the_calls_and_is_raised() -> None:
    gate = _Gate()

    with pytest.raises(KeyError):
        _fly_and_break(gate.pass_through("one"), 0.01)

    assert gate.cancelled == ["one"]


def test_calls_after_an_exception_work() -> None:
    with pytest.raises(KeyError):
        _fly_and_break(_say("never heard"), 10)

    assert wait_for(_say("again")) == "again"


def test_forked_child_makes_only_its_own_calls() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", FORKED], cwd=ROOT, capture_output=True, timeout=60
    )

    assert (done.returncode, done.stdout) == (0, b"cp"), done.stderr
