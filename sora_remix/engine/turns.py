"""One turn of the chain: about a second of sending and asking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from ..models import Chain, Delivery, Remix
from .checking import check_due
from .delivering import prepare_waiting
from .pace import Watch
from .sending import send_waiting

TURN_SECONDS = 1.0
PAUSE = 0.2
GROUP = 8
"""Remixes collected by one message, which costs some 20 ms of processor time itself."""
HAND_OVER = 100


@dataclass(frozen=True)
class Errand:
    """Something that takes longer than a turn may, for another worker."""

    task: Literal["collect", "deliver"]
    pks: tuple[int, ...]


def take_turn(turn: int) -> Iterator[Errand]:
    """Send and ask for about a second; yield what is to be collected, and to be delivered.

    The turn ends early when such errands wait: a single worker must get to them.
    """
    watch = Watch(partial(Chain.objects.renew, turn))
    until = time.monotonic() + TURN_SECONDS
    while True:
        prepare_waiting()
        send_waiting(watch, until)
        check_due(watch, until)
        yield from _errands("deliver", Delivery.objects.hand_over(HAND_OVER), 1)
        yield from _errands("collect", Remix.objects.hand_over(HAND_OVER), GROUP)
        if time.monotonic() + PAUSE >= until or watch.is_over:
            return
        if Remix.objects.awaits_collector() or Delivery.objects.awaits_worker():
            return
        time.sleep(PAUSE)


def _errands(task: Literal["collect", "deliver"], pks: list[int], size: int) -> Iterator[Errand]:
    for start in range(0, len(pks), size):
        yield Errand(task, tuple(pks[start : start + size]))
