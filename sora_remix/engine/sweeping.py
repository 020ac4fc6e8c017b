"""Do what dead workers and lost messages left undone."""

from __future__ import annotations

from collections.abc import Callable

from ..logs import get_logger
from ..models import Delivery, Remix, RemixBatch
from .billing import settle_bills
from .evidence import look_for_evidence
from .isolation import attempt
from .leftovers import remove_abandoned
from .unread import read_unread

logger = get_logger(__name__)


def sweep() -> None:
    """Settle what is unconfirmed, as far as can be, and remove what nobody uses.

    Each step is taken, whatever happens in the others.
    """
    for step in STEPS:
        attempt(step)


def give_up_lost_sends() -> None:
    if lost := Remix.objects.give_up_lost_sends():
        logger.warning("%s remixes are unconfirmed, because their worker died while sending", lost)


STEPS: tuple[Callable[[], object], ...] = (
    give_up_lost_sends,
    remove_abandoned,
    RemixBatch.objects.forget_old_drafts,
    Delivery.objects.forget_old,
    look_for_evidence,
    settle_bills,
    read_unread,
)
