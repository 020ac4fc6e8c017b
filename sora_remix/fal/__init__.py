"""Client of fal's APIs. Only this package knows their formats."""

from .account import BILLING_URL, HoldCode
from .catalogue import ListedEndpoint, UnitPrice, listed_endpoints, prices
from .cleaning import clean
from .credentials import KEYS_URL, is_key_set, key_digest
from .drift import Finding, drift
from .platform import KeyStatus, SentRequest, check_key, sent_requests
from .queue import Progress, Result, cancel, progress, result
from .submitting import (
    MAX_PARALLEL_CALLS,
    NOT_SENDABLE,
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
    "KEYS_URL",
    "MAX_PARALLEL_CALLS",
    "NOT_SENDABLE",
    "Accepted",
    "AccountHeld",
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
    "cancel",
    "check_key",
    "clean",
    "drift",
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
