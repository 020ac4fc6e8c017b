"""A video is read no further than it takes to tell."""

from __future__ import annotations

import io
from pathlib import Path

from sora_remix.decoding.stills import thumbnail
from sora_remix.decoding.videos import video_facts


class CountingFile(io.FileIO):
    """A file that knows how much of it was read at once, and in all."""

    most = total = 0

    def read(self, size: int | None = -1, /) -> bytes:
        read = super().read(-1 if size is None else size)
        self.most = max(self.most, len(read))
        self.total += len(read)
        return read


def test_a_big_video_is_not_read_whole(tmp_path: Path, clip: Path) -> None:
    big = tmp_path / "big.mp4"
    with big.open("wb") as file:
        file.write(clip.read_bytes() + (64 * 2**20).to_bytes(4) + b"free")
        file.truncate(file.tell() - 8 + 64 * 2**20)

    with CountingFile(big) as counted:
        facts, picture = video_facts(counted), thumbnail(counted)

        assert facts["width"] == 160 and picture
        assert counted.most < 2**20
        assert counted.total < 4 * 2**20


def test_notes_in_another_encoding_do_not_spoil_a_video(clip: Path) -> None:
    head, name, rest = clip.read_bytes().partition(b"Lavf")
    assert name

    assert video_facts(io.BytesIO(head + b"\xfc\xe9\xff\xfe" + rest))["width"] == 160
