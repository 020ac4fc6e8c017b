"""Write the clip into a descriptor."""

from __future__ import annotations

import os

from .errors import OverSize


class TargetFile:
    """The file of the clip, which never becomes larger than allowed."""

    def __init__(self, descriptor: int, most: int | None) -> None:
        self.descriptor = descriptor
        self._most = most
        self._position = 0
        self._size = 0
        self._is_abandoned = False
        os.ftruncate(descriptor, 0)

    def abandon(self) -> None:
        """Write nothing from now on."""
        self._is_abandoned = True
        os.ftruncate(self.descriptor, 0)

    def write(self, data: bytes) -> int:
        """Write all of the data. Raise `OverSize` if it doesn't fit."""
        if self._is_abandoned:
            return len(data)
        end = self._position + len(data)
        if self._most is not None and end > self._most:
            raise OverSize
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self.descriptor, rest, self._position)
            self._position += written
            rest = rest[written:]
        self._size = max(self._size, end)
        return len(data)

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position
