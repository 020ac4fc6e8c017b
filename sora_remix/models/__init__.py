"""Our rows; the only module that changes a status."""

from .approval import Approval
from .batch import RemixBatch
from .chain import Chain, Pause
from .delivery import Delivery
from .endpoint import EndpointFact
from .event import RemixEvent
from .files import delete_after_commit, delete_files_after_commit, files_in_use
from .image import ReferenceImage
from .leased import Leased, renew
from .pending import PendingFile
from .preset import PromptPreset
from .remix import Remix
from .video import Video

__all__ = [
    "Approval",
    "Chain",
    "Delivery",
    "EndpointFact",
    "Leased",
    "Pause",
    "PendingFile",
    "PromptPreset",
    "ReferenceImage",
    "Remix",
    "RemixBatch",
    "RemixEvent",
    "Video",
    "delete_after_commit",
    "delete_files_after_commit",
    "files_in_use",
    "renew",
]
