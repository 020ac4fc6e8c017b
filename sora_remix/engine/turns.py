"""One turn of the chain: about a second of sending and checking."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import ceil
from typing import Literal

from django.utils.translation import gettext_lazy as _

from .. import fal
from ..conf import conf
from ..database import refuse_transaction
from ..models import Chain, FittedClip, Remix, SourceCopy
from .checking import check_due
from .isolation import attempt, isolated
from .pace import Heartbeat, back_off
from .preparing import prepare_waiting
from .sending import send_waiting

TURN_SECONDS = 1.0
PAUSE = 0.2
BROKEN_SECONDS = 1.0
"""How long a turn waits after a step broke, because the next may break at once."""
LEAST_GROUP = 8
"""How many remixes one message collects, or more; a message takes about 20 ms of CPU time."""
LARGEST_GROUP = 24
SHARES = 4
"""Messages for results that finish at once, so that as many workers collect them."""
HAND_OVER = SHARES * LARGEST_GROUP
LOST = _("The worker was killed or ran out of time (Q_CLUSTER timeout).")


ErrandTask = Literal["collect", "deliver", "fit"]


@dataclass(frozen=True)
class Errand:
    """Work for another worker, because it takes longer than a turn."""

    task: ErrandTask
    pks: tuple[int, ...]


def take_turn(turn: int) -> Iterator[Errand]:
    """Send and check for about a second; yield the uploads and collects for other workers.

    A step that breaks does not stop the others. The turn ends early if errands are waiting, so
    that a single worker gets to them. Raise `OpenTransaction` inside a transaction.
    """
    refuse_transaction()
    heartbeat = Heartbeat(partial(Chain.objects.renew, turn))
    until = time.monotonic() + TURN_SECONDS
    awaits_clips = False

    def prepare() -> None:
        nonlocal awaits_clips
        awaits_clips = prepare_waiting()

    steps = (
        release_lost,
        prepare,
        partial(send_waiting, heartbeat, until),
        partial(check_due, heartbeat, until),
    )
    while True:
        if False in [attempt(step) for step in steps]:
            time.sleep(BROKEN_SECONDS)
            until = 0
        if awaits_clips:
            most = conf.SORA_REMIX_MAX_FITTING
            yield from _errands("fit", FittedClip.objects.hand_over(most), 1)
        is_held = Chain.objects.hold() is not None
        yield from _errands("deliver", _copies_to_upload(is_held=is_held), 1)
        finished = Remix.objects.hand_over(HAND_OVER)
        size = min(max(LEAST_GROUP, ceil(len(finished) / SHARES)), LARGEST_GROUP)
        yield from _errands("collect", finished, size)
        if time.monotonic() + PAUSE >= until or heartbeat.is_over:
            return
        if Remix.objects.awaits_collector():
            return
        if SourceCopy.objects.awaits_worker() and not is_held:
            return
        time.sleep(PAUSE)


def release_lost() -> None:
    """Release what stopped workers held, and count each as a failed step."""
    lost = (Remix.objects.held_by_lost_workers(), SourceCopy.objects.held_by_lost_workers())
    for rows in lost:
        for row in rows:
            with isolated(row):
                row.postpone(back_off(row.failures), str(LOST))


def _copies_to_upload(*, is_held: bool) -> list[int]:
    """Choose files to upload; while the account is held, one if a probe is due without a remix."""
    if not is_held:
        return SourceCopy.objects.hand_over(HAND_OVER)
    is_probe_due = not Chain.objects.is_held(fal.key_digest())
    if is_probe_due and not Remix.objects.to_send().exists():
        return SourceCopy.objects.hand_over(1)
    return []


def _errands(task: ErrandTask, pks: list[int], size: int) -> Iterator[Errand]:
    for start in range(0, len(pks), size):
        yield Errand(task, tuple(pks[start : start + size]))
