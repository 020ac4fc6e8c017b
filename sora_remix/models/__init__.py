"""Our rows; the only module that changes a status."""

from .batch import RemixBatch
from .chain import Chain
from .delivery import Delivery
from .endpoint import EndpointFact
from .leased import Leased, renew
from .pending import PendingFile
from .remix import Remix
from .video import Video, delete_files_after_commit

__all__ = [
    "Chain",
    "Delivery",
    "EndpointFact",
    "Leased",
    "PendingFile",
    "Remix",
    "RemixBatch",
    "Video",
    "delete_files_after_commit",
    "renew",
]
