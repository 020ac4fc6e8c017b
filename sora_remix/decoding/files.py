"""Read files that are passed as descriptors."""

from __future__ import annotations

import os
from typing import Protocol


class Readable(Protocol):
    """The methods that PyAV needs to read a file."""

    def read(self, size: int = -1, /) -> bytes: ...
    def seek(self, offset: int, whence: int = 0, /) -> int: ...
    def tell(self) -> int: ...


class DescriptorFile:
    """Read a descriptor without moving its offset, which the parent shares."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._size = os.fstat(descriptor).st_size
        self._position = 0

    def read(self, size: int = -1, /) -> bytes:
        rest = max(0, self._size - self._position)
        data = os.pread(self._descriptor, rest if size < 0 else size, self._position)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET, /) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if start + offset < 0:
            raise ValueError("The position is before the start of the file.")
        self._position = start + offset
        return self._position

    def tell(self) -> int:
        return self._position
