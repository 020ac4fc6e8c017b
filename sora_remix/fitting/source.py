"""Read the source, and notice where it ends."""

from __future__ import annotations

from functools import cached_property

from ..decoding.files import DescriptorFile
from ..decoding.truncation import is_cut_off


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
        """Tell whether it certainly lacks its end."""
        before = self.tell()
        try:
            return is_cut_off(self)
        finally:
            self.seek(before)
