"""Recognise container formats by content."""

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
"""The supported containers, and the extension of each."""
HEAD_LENGTH = 1024
"""Number of first bytes that identify a container."""
BRAND = re.compile(rb"ftyp(.{4})", re.DOTALL)
"""The major brand of an MP4 or MOV. Other boxes may come first."""
QUICKTIME = b"qt  "
QUICKTIME_ATOMS = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
"""How a MOV without a brand may begin."""
EBML = b"\x1aE\xdf\xa3"
WEBM = re.compile(rb"\x42\x82[\x80-\xff\x01].{0,7}?webm", re.DOTALL)
"""The DocType of a WebM (RFC 8794, section 11.2.4), whose length field has one to eight bytes."""
PACKET = 188
"""Bytes of a packet in an MPEG transport stream. Each starts with the sync byte."""
SYNC = 0x47


def container_of(head: bytes) -> str:
    """Return the container of a video by its first bytes, or an empty string."""
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
    """Distinguish MP4 and MOV by the major brand. 3GP and M4V count as MP4."""
    brand = BRAND.search(head)
    return "mp4" if brand and brand[1] != QUICKTIME else "mov"


def webm_or_matroska(head: bytes) -> str:
    """Distinguish WebM and Matroska by the DocType."""
    return "webm" if WEBM.search(head) else "matroska"


FAMILIES: dict[str, Callable[[bytes], str]] = {
    "mov": mp4_or_mov,
    "matroska": webm_or_matroska,
    "avi": lambda head: "avi",
    "mpegts": lambda head: "mpegts",
    "gif": lambda head: "gif",
}
"""How to find the container for each of FFmpeg's demuxers, by one of the demuxer's names."""


def container_read_by(demuxer: str, head: bytes) -> str:
    """Return the container that a demuxer with these comma-separated names has read."""
    return next(FAMILIES[name](head) for name in demuxer.split(",") if name in FAMILIES)
