"""Our rows; the only module that changes a status."""

from .batch import RemixBatch
from .chain import Chain
from .endpoint import EndpointFact
from .pending import PendingFile
from .remix import Remix
from .video import Video, delete_files_after_commit

__all__ = [
    "Chain",
    "EndpointFact",
    "PendingFile",
    "Remix",
    "RemixBatch",
    "Video",
    "delete_files_after_commit",
]
