"""fal, the remote side. Nothing else in the app knows its words."""

from .platform import SentRequest, sent_requests
from .queue import (
    PLACES,
    Accepted,
    NotSent,
    Progress,
    Refused,
    RefusedForNow,
    Result,
    Submitted,
    Unknown,
    cancel,
    progress,
    result,
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
