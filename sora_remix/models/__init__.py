"""Our rows; the only module that changes a status."""

from .batch import RemixBatch
from .chain import Chain
from .pending import PendingFile
from .remix import Remix
from .video import Video, delete_files_after_commit

__all__ = ["Chain", "PendingFile", "Remix", "RemixBatch", "Video", "delete_files_after_commit"]
