"""Client of fal's APIs. Only this package knows their formats."""

from .catalogue import ListedEndpoint, UnitPrice, listed_endpoints, prices
from .cleaning import clean
from .credentials import KEYS_URL, is_key_set
from .drift import Finding, drift
from .platform import KeyStatus, SentRequest, check_key, sent_requests
from .queue import Progress, Result, cancel, progress, result
from .submitting import (
    MAX_PARALLEL_CALLS,
    NOT_SENDABLE,
    SUBMIT_SECONDS,
    Accepted,
    NotSent,
    Refused,
    RefusedForNow,
    Submitted,
    Unknown,
    submit,
)
from .uploads import upload

__all__ = [
    "KEYS_URL",
    "MAX_PARALLEL_CALLS",
    "NOT_SENDABLE",
    "SUBMIT_SECONDS",
    "Accepted",
    "Finding",
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
    "listed_endpoints",
    "prices",
    "progress",
    "result",
    "sent_requests",
    "submit",
    "upload",
]
