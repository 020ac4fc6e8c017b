"""Read what fal billed for remixes, and the balance of the account, with the admin key."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from django.core.cache import cache

from .. import fal
from ..clock import utc
from ..exceptions import RemoteError
from ..logs import get_logger
from ..models import AccountBalance, Remix
from ..request_pool import wait_for
from .isolation import isolated

logger = get_logger(__name__)

CALLS_PER_SWEEP = 10
SECONDS_PER_SWEEP = 20
CLOCK_SKEW = timedelta(minutes=1)
"""How far fal's clock and ours may differ."""
REFUSED_FOR = 600
"""Seconds without calls after one that failed."""
HELD = "sora_remix.bills"
"""Key of the cache while no bills are read."""
BALANCE_EVERY = timedelta(minutes=15)
"""How often the balance is read while remixes run."""
IDLE_BALANCE_EVERY = timedelta(hours=1)

Charges = Mapping[str, Sequence[Decimal] | None]


def read_bills() -> None:
    """Set what fal billed for finished remixes; do nothing without an admin key."""
    if not fal.is_admin_key_set() or cache.get(HELD):
        return
    end = time.monotonic() + SECONDS_PER_SWEEP
    for _call in range(CALLS_PER_SWEEP):
        remixes = Remix.objects.claim_to_bill(fal.IDS_PER_CALL)
        if not remixes or not _bill(remixes) or time.monotonic() > end:
            return


def read_balance() -> None:
    """Store what is left in the account; do nothing without an admin key."""
    if not fal.is_admin_key_set():
        return
    every = BALANCE_EVERY if Remix.objects.unsettled().exists() else IDLE_BALANCE_EVERY
    if not AccountBalance.objects.start_reading(every):
        return
    try:
        balance = wait_for(fal.balance())
    except RemoteError as error:
        logger.warning("Could not read the balance of the fal account: %s", error)
        return
    AccountBalance.objects.note(balance.amount, balance.currency)


def _bill(remixes: Sequence[Remix]) -> bool:
    """Read and set the bills of claimed remixes; return whether fal answered."""
    ids = [request_id for remix in remixes for request_id in remix.request_ids]
    since = min(map(_sent_at, remixes)) - CLOCK_SKEW
    try:
        charges = wait_for(fal.charges(ids, since))
    except RemoteError as error:
        logger.warning("Could not read what fal billed for %s remixes: %s", len(remixes), error)
        cache.set(HELD, True, REFUSED_FOR)
        for remix in remixes:
            with isolated(remix):
                remix.postpone_bill(was_answered=False)
        return False
    for remix in remixes:
        with isolated(remix):
            _settle(remix, charges)
    return True


def _sent_at(remix: Remix) -> datetime:
    return utc(remix.submitted_at or remix.created_at)


def _settle(remix: Remix, charges: Charges) -> None:
    """Set the sum of a remix unless a part of it can't be read, or is no longer listed."""
    found = [charges[one] for one in remix.request_ids if one in charges]
    known = [amounts for amounts in found if amounts is not None]
    is_complete = len(known) == len(remix.request_ids)
    if len(known) < len(found):
        logger.warning("Remix %s: what fal billed for it can't be read", remix.pk)
    if not known or len(known) < len(found) or (remix.billed_at and not is_complete):
        remix.postpone_bill(was_answered=True)
        return
    flag = remix.bill_flag
    remix.set_billed_cost([one for amounts in known for one in amounts], is_complete=is_complete)
    if remix.bill_flag and remix.bill_flag != flag:
        logger.warning(
            "Remix %s: fal billed %s dollars, which was not expected: %s (estimate: %s)",
            remix.pk,
            remix.billed_cost,
            remix.bill_flag,
            remix.estimated_cost,
        )
