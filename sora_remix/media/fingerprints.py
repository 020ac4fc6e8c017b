"""Fingerprints of files that somebody else may replace under the same name."""

from __future__ import annotations

import hashlib
import os
from typing import IO

BLOCK = 64 * 1024
BLOCKS = 16
"""How many places of a file are read: the fingerprint of a large one must not take minutes."""


def fingerprint_of(file: IO[bytes]) -> str:
    """Return the size of a file and a digest of its start, its end and places in between.

    Another export of the same film has another one. A few bytes that change in the middle of a
    large file may go unnoticed.
    """
    size = file.seek(0, os.SEEK_END)
    digest = hashlib.sha256()
    last = max(0, size - BLOCK)
    for place in sorted({last * step // (BLOCKS - 1) for step in range(BLOCKS)}):
        file.seek(place)
        digest.update(file.read(BLOCK))
    file.seek(0)
    return f"{size:x}-{digest.hexdigest()[:24]}"


def is_unchanged(file: IO[bytes], fingerprint: str) -> bool:
    """Tell whether a file still has this fingerprint; an empty one fits every file."""
    return not fingerprint or fingerprint_of(file) == fingerprint


def has_size(fingerprint: str, size: int) -> bool:
    """Tell whether a file of so many bytes may have this fingerprint."""
    return fingerprint.partition("-")[0] == f"{size:x}"
