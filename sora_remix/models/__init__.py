"""Our rows; the only module that changes a status."""

from .batch import RemixBatch
from .chain import Chain
from .files import delete_files_after_commit
from .image import ReferenceImage
from .pending import PendingFile
from .remix import Remix
from .video import Video

__all__ = [
    "Chain",
    "PendingFile",
    "ReferenceImage",
    "Remix",
    "RemixBatch",
    "Video",
    "delete_files_after_commit",
]
