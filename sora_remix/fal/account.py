"""Recognise answers that concern the whole account: no request of it is accepted.

fal documents no form for them. Public reports show 401, 402 or 403 with texts like “User is
locked. Reason: Exhausted balance” (https://github.com/fal-ai/fal/issues/1163).
"""

from __future__ import annotations

import re
from enum import StrEnum

import httpx

BILLING_URL = "https://fal.ai/dashboard/billing"
REFUSALS = (401, 402, 403)
IS_LOCKED = re.compile(
    r"\b(user|account) (is|has been) locked\b"
    r"|\bexhausted balance\b|\bbalance (is )?exhausted\b|\binsufficient (balance|funds|credits?)\b"
    r"|\btop_up\b|\badmin lock\b",
    re.IGNORECASE,
)


class HoldCode(StrEnum):
    """Why fal accepts nothing from the account at present."""

    KEY_MISSING = "key_missing"
    """The worker has no key that it could send."""
    KEY_REFUSED = "key_refused"
    """fal doesn't know the key."""
    ACCOUNT_LOCKED = "account_locked"
    """The balance is exhausted, or fal has locked the account."""


def hold_code(response: httpx.Response) -> HoldCode | None:
    """Return why fal refuses the whole account, or None if the answer is about something else.

    A 403 with any other text is about one endpoint, which this key may not use.
    """
    if response.status_code not in REFUSALS:
        return None
    if response.status_code == httpx.codes.PAYMENT_REQUIRED or IS_LOCKED.search(response.text):
        return HoldCode.ACCOUNT_LOCKED
    return HoldCode.KEY_REFUSED if response.status_code == httpx.codes.UNAUTHORIZED else None
