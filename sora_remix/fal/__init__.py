"""fal, the remote side. Nothing else in the app knows its words."""

from .platform import SentRequest, sent_requests
from .queue import Progress, Result, cancel, progress, result
from .submitting import (
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
    "PLACES",
    "Accepted",
    "NotSent",
    "Progress",
    "Refused",
    "RefusedForNow",
    "Result",
    "SentRequest",
    "Submitted",
    "Unknown",
    "cancel",
    "progress",
    "result",
    "sent_requests",
    "submit",
    "upload",
]
