"""One turn of the chain: about a second of sending and asking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial

from ..models import Chain, Remix
from .checking import check_due
from .pace import Watch
from .sending import send_waiting

TURN_SECONDS = 1.0
PAUSE = 0.2
GROUP = 8
"""Remixes collected by one message, which costs some 20 ms of processor time itself."""
HAND_OVER = 100


def take_turn(turn: int) -> Iterator[list[int]]:
    """Send and ask for about a second; yield groups of remixes to be collected.

    The turn ends early when results wait to be collected: a single worker must get to them.
    """
    watch = Watch(partial(Chain.objects.renew, turn))
    until = time.monotonic() + TURN_SECONDS
    while True:
        send_waiting(watch, until)
        check_due(watch, until)
        yield from _groups(Remix.objects.hand_over(HAND_OVER))
        if time.monotonic() + PAUSE >= until or watch.is_over:
            return
        if Remix.objects.awaits_collector():
            return
        time.sleep(PAUSE)


def _groups(pks: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(pks), GROUP):
        yield pks[start : start + GROUP]
