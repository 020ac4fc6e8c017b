"""The type of a file is read from its content."""

from __future__ import annotations

import io

import pytest

from sora_remix.decoding.containers import EXTENSIONS, HEAD_LENGTH, container_of
from sora_remix.decoding.videos import video_facts
from tests.decoding.recordings import CODECS, record

WIDE = b"\0\0\0\x08wide"
EBML = b"\x1aE\xdf\xa3"


@pytest.mark.parametrize("container", EXTENSIONS)
def test_container_and_codecs_are_read_from_the_file(container: str) -> None:
    content = record(container, sound=container != "gif")

    facts = video_facts(io.BytesIO(content))

    found = facts["container"], facts["video_codec"], facts["audio_codec"]
    assert found == (container, *CODECS[container])
    assert container_of(content[:HEAD_LENGTH]) == container


@pytest.mark.parametrize(
    ("head", "container"),
    [
        (b"\0\0\0\x14ftypM4V \0\0\0\0", "mp4"),
        (b"\0\0\0\x14ftyp3gp4\0\0\0\0", "mp4"),
        (b"\0\0\0\x14ftypqt  \0\0\0\0", "mov"),
        (WIDE + b"\0\0\0\x14ftypisom", "mp4"),
        (WIDE + b"\0\0\0\x14ftypqt  ", "mov"),
        (WIDE + b"\0\1\0\0mdat", "mov"),
        (EBML + b"\x93\x42\x82\x84webm", "webm"),
        (EBML + b"\x01\0\0\0\0\0\0\x1f\x42\x82\x01\0\0\0\0\0\0\x04webm", "webm"),
        (EBML + b"\x93\x42\x82\x88matroska\x42\x87\x81\x04webm", "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", "avi"),
        (b"RIFF\0\0\0\0AVIX", "avi"),
        (b"RIFF\0\0\0\0WEBPVP8 ", ""),
        (b"GIF87a", "gif"),
        (b"G" + bytes(187) + b"G", "mpegts"),
        (b"G" + bytes(187), ""),
        (b"<html>", ""),
        (b"", ""),
    ],
)
def test_first_bytes_identify_the_container(head: bytes, container: str) -> None:
    assert container_of(head) == container
