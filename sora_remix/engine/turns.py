"""One turn of the chain: about a second of sending and asking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Literal

from django.utils.translation import gettext_lazy as _

from ..database import refuse_transaction
from ..models import Chain, Delivery, Remix
from .checking import check_due
from .delivering import prepare_waiting
from .isolation import attempt, isolated
from .pace import Watch, back_off
from .sending import send_waiting

TURN_SECONDS = 1.0
PAUSE = 0.2
BROKEN_SECONDS = 1.0
"""How long a turn waits in which something broke: the next one may break at once again."""
GROUP = 8
"""Remixes collected by one message, which costs some 20 ms of processor time itself."""
HAND_OVER = 100
LOST = _("The worker was killed or ran out of time (Q_CLUSTER timeout).")


@dataclass(frozen=True)
class Errand:
    """Something that takes longer than a turn may, for another worker."""

    task: Literal["collect", "deliver"]
    pks: tuple[int, ...]


def take_turn(turn: int) -> Iterator[Errand]:
    """Send and ask for about a second; yield what is to be collected, and to be delivered.

    A step that breaks keeps none of the others from being taken. The turn ends early when such
    errands wait: a single worker must get to them. Raise `OpenTransaction` inside one.
    """
    refuse_transaction()
    watch = Watch(partial(Chain.objects.renew, turn))
    until = time.monotonic() + TURN_SECONDS
    steps = (
        release_lost,
        prepare_waiting,
        partial(send_waiting, watch, until),
        partial(check_due, watch, until),
    )
    while True:
        if False in [attempt(step) for step in steps]:
            time.sleep(BROKEN_SECONDS)
            until = 0
        yield from _errands("deliver", Delivery.objects.hand_over(HAND_OVER), 1)
        yield from _errands("collect", Remix.objects.hand_over(HAND_OVER), GROUP)
        if time.monotonic() + PAUSE >= until or watch.is_over:
            return
        if Remix.objects.awaits_collector() or Delivery.objects.awaits_worker():
            return
        time.sleep(PAUSE)


def release_lost() -> None:
    """Free what killed workers held, and count it as a step that failed."""
    for rows in (Remix.objects.held_by_lost_collectors(), Delivery.objects.held_by_lost_workers()):
        for row in rows:
            with isolated(row):
                row.postpone(back_off(row.failures), str(LOST))


def _errands(task: Literal["collect", "deliver"], pks: list[int], size: int) -> Iterator[Errand]:
    for start in range(0, len(pks), size):
        yield Errand(task, tuple(pks[start : start + size]))
