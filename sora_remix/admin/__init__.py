"""The admin: where editors choose videos, order remixes and see what came of them."""

from .batches import RemixBatchAdmin
from .remixes import RemixAdmin
from .videos import VideoAdmin

__all__ = ["RemixAdmin", "RemixBatchAdmin", "VideoAdmin"]
