"""Client of fal's APIs. Only this package knows their formats."""

from .account import BILLING_URL, HoldCode
from .billing import IDS_PER_CALL, Balance, balance, charges
from .catalogue import ListedEndpoint, UnitPrice, listed_endpoints, prices
from .cleaning import clean
from .credentials import KEYS_URL, is_admin_key_set, is_key_set, key_digest
from .drift import Finding, drift
from .platform import KeyStatus, SentRequest, check_key, sent_requests
from .queue import MAX_PARALLEL_QUESTIONS, Progress, Result, cancel, progress, result
from .submitting import (
    MAX_PARALLEL_CALLS,
    NOT_SENDABLE,
    SUBMIT_SECONDS,
    Accepted,
    AccountHeld,
    NotSent,
    Refused,
    RefusedForNow,
    Submitted,
    Unknown,
    submit,
)
from .uploads import upload

__all__ = [
    "BILLING_URL",
    "IDS_PER_CALL",
    "KEYS_URL",
    "MAX_PARALLEL_CALLS",
    "MAX_PARALLEL_QUESTIONS",
    "NOT_SENDABLE",
    "SUBMIT_SECONDS",
    "Accepted",
    "AccountHeld",
    "Balance",
    "Finding",
    "HoldCode",
    "KeyStatus",
    "ListedEndpoint",
    "NotSent",
    "Progress",
    "Refused",
    "RefusedForNow",
    "Result",
    "SentRequest",
    "Submitted",
    "UnitPrice",
    "Unknown",
    "balance",
    "cancel",
    "charges",
    "check_key",
    "clean",
    "drift",
    "is_admin_key_set",
    "is_key_set",
    "key_digest",
    "listed_endpoints",
    "prices",
    "progress",
    "result",
    "sent_requests",
    "submit",
    "upload",
]
