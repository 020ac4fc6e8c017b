"""Small files that would need much memory or time, or claim values too large for their columns."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import av


def mp4(tracks: int, frames: int) -> bytes:
    """Claim so many frames in each of so many tracks, in 440 bytes for each track."""
    unity = struct.pack(">9i", 65536, 0, 0, 0, 65536, 0, 0, 0, 1 << 30)
    times = struct.pack(">IIII", 0, 0, 1000, 1000)
    header = _full_box(
        b"mvhd", times, struct.pack(">IH", 65536, 256), bytes(10), unity, bytes(24), b"\0\0\xff\xff"
    )
    all_tracks = (_track(number, frames, unity) for number in range(1, tracks + 1))
    return (
        _box(b"ftyp", b"isom", bytes(4), b"isom")
        + _box(b"mdat", bytes(8))
        + _box(b"moov", header, *all_tracks)
    )


def _track(number: int, frames: int, matrix: bytes) -> bytes:
    side = 64
    header = _full_box(
        b"tkhd",
        struct.pack(">IIIII", 0, 0, number, 0, 1000),
        bytes(16),
        matrix,
        struct.pack(">II", side << 16, side << 16),
    )
    times = _full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, 1000, 0x55C4, 0))
    handler = _full_box(b"hdlr", struct.pack(">I4s", 0, b"vide"), bytes(13))
    entry = _box(
        b"mp4v",
        struct.pack(">6xH16xHHIIIH32xHh", 1, side, side, 72 << 16, 72 << 16, 0, 1, 24, -1),
    )
    table = _box(
        b"stbl",
        _full_box(b"stsd", struct.pack(">I", 1), entry),
        _full_box(b"stts", struct.pack(">III", 1, frames, 1)),
        _full_box(b"stsc", struct.pack(">IIII", 1, 1, frames, 1)),
        _full_box(b"stsz", struct.pack(">II", 1, frames)),
        _full_box(b"stco", struct.pack(">II", 1, 40)),
    )
    return _box(b"trak", header, _box(b"mdia", times, handler, _box(b"minf", table)))


def _box(kind: bytes, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return struct.pack(">I", len(body) + 8) + kind + body


def _full_box(kind: bytes, *parts: bytes) -> bytes:
    return _box(kind, bytes(4), *parts)


def jpeg(side: int, scans: int) -> bytes:
    """Say in each scan, of some 60 bytes for a million blocks, that nothing changes."""
    blocks = ((side + 7) // 8) ** 2
    runs = -(-blocks // 32766)
    bits = ("0" + "1" * 13 + "0") * runs
    bits += "1" * (-len(bits) % 8)
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits), 8))
    scan = _segment(0xDA, bytes([1, 1, 0, 1, 63, 0])) + data.replace(b"\xff", b"\xff\0")
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xDB, b"\0" + b"\1" * 64),
            _segment(0xC2, struct.pack(">BHHB", 8, side, side, 1) + bytes([1, 0x11, 0])),
            _segment(0xC4, b"\x00" + bytes([1] + [0] * 15) + b"\0"),
            _segment(0xC4, b"\x10" + bytes([1] + [0] * 15) + b"\xe0"),
            _segment(0xDA, bytes([1, 1, 0, 0, 0, 0])) + b"\0" * (blocks // 8 + 1),
            scan * (scans - 1),
            b"\xff\xd9",
        )
    )


def _segment(marker: int, body: bytes) -> bytes:
    return b"\xff" + bytes([marker]) + struct.pack(">H", len(body) + 2) + body


def png(text_size: int) -> bytes:
    """Hold a note that unfolds to so many bytes beside a picture of 8 × 8."""
    packer = zlib.compressobj(9)
    head = packer.compress(b"") + packer.flush(zlib.Z_FULL_FLUSH)
    million = packer.compress(bytes(10**6)) + packer.flush(zlib.Z_FULL_FLUSH)
    checksum = struct.pack(">HH", text_size % 65521, 1)  # Adler-32 of nothing but zeros
    note = head + million * (text_size // 10**6) + b"\x03\x00" + checksum
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in (
            (b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 0, 0, 0, 0)),
            (b"zTXt", b"a\0\0" + note),
            (b"IDAT", zlib.compress(bytes(72))),
            (b"IEND", b""),
        )
    )


def motion_jpeg(side: int, scans: int) -> bytes:
    """Be a video of a single picture that takes long to decode."""
    file = io.BytesIO()
    with av.open(file, "w", format="mov") as container:
        stream = container.add_stream("mjpeg", rate=1)
        stream.width, stream.height, stream.pix_fmt = side, side, "yuvj420p"
        packet = av.Packet(jpeg(side, scans))
        packet.stream, packet.pts, packet.dts, packet.is_keyframe = stream, 0, 0, True
        container.mux(packet)
    return file.getvalue()


def claim_weeks(clip: Path) -> bytes:
    """Return a clip whose tables say that each frame lasts 100,000 seconds."""
    data = bytearray(clip.read_bytes())
    struct.pack_into(">II", data, data.index(b"mdhd") + 16, 1, 1_200_000)
    times = data.index(b"stts")
    for number in range(struct.unpack_from(">I", data, times + 8)[0]):
        struct.pack_into(">I", data, times + 16 + 8 * number, 100_000)
    struct.pack_into(">II", data, data.index(b"mvhd") + 16, 1, 1_200_000)
    return bytes(data).replace(b"edts", b"free")
