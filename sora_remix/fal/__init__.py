"""fal, the remote side. Nothing else in the app knows its words."""

from .catalogue import Model, UnitPrice, models, prices
from .cleaning import clean
from .drift import Finding, drift
from .platform import Key, SentRequest, check_key, sent_requests
from .queue import Progress, Result, cancel, progress, result
from .submitting import (
    NOT_SENDABLE,
    PLACES,
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
    "NOT_SENDABLE",
    "PLACES",
    "Accepted",
    "Finding",
    "Key",
    "Model",
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
    "models",
    "prices",
    "progress",
    "result",
    "sent_requests",
    "submit",
    "upload",
]
