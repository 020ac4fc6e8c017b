"""Which container a file is, whatever its name says."""

from __future__ import annotations

import re
from collections.abc import Callable

EXTENSIONS = {
    "mp4": ".mp4",
    "mov": ".mov",
    "webm": ".webm",
    "matroska": ".mkv",
    "mpegts": ".ts",
    "avi": ".avi",
    "gif": ".gif",
}
"""The containers of videos that are read, and the extension that belongs to each."""
HEAD_LENGTH = 1024
"""First bytes that tell one container from another."""
BRAND = re.compile(rb"ftyp(.{4})", re.DOTALL)
"""The major brand of an MP4 or MOV; other boxes may come before it."""
QUICKTIME = b"qt  "
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""What a MOV may begin with: older ones have no brand."""
EBML = b"\x1aE\xdf\xa3"
WEBM = re.compile(rb"\x42\x82[\x80-\xff\x01].{0,7}?webm", re.DOTALL)
"""The DocType of a WebM (RFC 8794, section 11.2.4), whose length has one to eight bytes."""
PACKET = 188
"""Bytes of a packet of an MPEG transport stream; each begins with the same byte."""
SYNC = 0x47


def container_of(head: bytes) -> str:
    """Return the container of a video by its first bytes; empty when they are of none."""
    kind = head[4:8]
    if kind == b"ftyp" or kind in QUICKTIME_ATOMS:
        return mp4_or_mov(head)
    if head.startswith(EBML):
        return webm_or_matroska(head)
    if head.startswith(b"RIFF") and head[8:11] == b"AVI":
        return "avi"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "gif"
    return "mpegts" if len(head) > PACKET and head[0] == head[PACKET] == SYNC else ""


def mp4_or_mov(head: bytes) -> str:
    """Tell the two by the major brand; 3GP and M4V are MP4 under other names."""
    brand = BRAND.search(head)
    return "mp4" if brand and brand[1] != QUICKTIME else "mov"


def webm_or_matroska(head: bytes) -> str:
    """Tell the two by the DocType; WebM is the part of Matroska that browsers play."""
    return "webm" if WEBM.search(head) else "matroska"


FAMILIES: dict[str, Callable[[bytes], str]] = {
    "mov": mp4_or_mov,
    "matroska": webm_or_matroska,
    "avi": lambda head: "avi",
    "mpegts": lambda head: "mpegts",
    "gif": lambda head: "gif",
}
"""FFmpeg's demuxers, by one of the names of each, and which container it has read."""


def container_read_by(demuxer: str, head: bytes) -> str:
    """Return which container a demuxer with these names, separated by commas, has read."""
    return next(FAMILIES[name](head) for name in demuxer.split(",") if name in FAMILIES)
