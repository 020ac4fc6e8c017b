"""Finish what stopped workers and lost messages left undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from ..conf import conf
from ..logs import get_logger
from ..models import FittedClip, Remix, RemixBatch, SourceCopy
from .bills import read_balance, read_bills
from .calculating import calculate_costs
from .evidence import look_for_evidence
from .fitting import release_lost_clips
from .isolation import attempt
from .leftovers import remove_abandoned
from .unread import read_unread

logger = get_logger(__name__)


def sweep() -> None:
    """Settle unconfirmed remixes if possible, and remove what nobody uses.

    Each step runs even if another one fails.
    """
    for step in STEPS:
        attempt(step)


def give_up_lost_sends() -> None:
    if lost := Remix.objects.give_up_lost_sends():
        logger.warning("%s remixes are unconfirmed: their worker stopped while sending", lost)


def forget_unused_clips() -> None:
    FittedClip.objects.forget_unused(timedelta(days=conf.SORA_REMIX_CLIPS_KEPT_DAYS))


STEPS: tuple[Callable[[], object], ...] = (
    give_up_lost_sends,
    remove_abandoned,
    RemixBatch.objects.forget_old_drafts,
    SourceCopy.objects.forget_old,
    release_lost_clips,
    forget_unused_clips,
    look_for_evidence,
    calculate_costs,
    read_bills,
    read_balance,
    read_unread,
)
