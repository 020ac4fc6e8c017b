"""Read the source, and notice where it ends."""

from __future__ import annotations

import os
from functools import cached_property

from ..decoding.containers import container_of
from ..decoding.files import DescriptorFile
from ..decoding.videos import head_of

GIF_END = b"\x3b"
GIF_REST = 16
"""Bytes at the end of a GIF among which its trailer is, as some programs add to it."""


class SourceFile(DescriptorFile):
    """A source of which one knows whether it has its end."""

    is_exhausted = False
    """Whether somebody tried to read beyond its end."""

    def read(self, size: int = -1, /) -> bytes:
        data = super().read(size)
        self.is_exhausted = self.is_exhausted or not data
        return data

    @cached_property
    def is_cut_off(self) -> bool:
        """Tell whether it lacks its end, in containers for which FFmpeg doesn't."""
        before = self.tell()
        size = self.seek(0, os.SEEK_END)
        try:
            head = head_of(self)
            self.seek(max(0, size - GIF_REST))
            tail = self.read()
        finally:
            self.seek(before)
        match container_of(head):
            case "avi":
                return size < int.from_bytes(head[4:8], "little") + 8
            case "gif":
                return GIF_END not in tail
        return False
