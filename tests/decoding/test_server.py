"""The decoder process answers until it is idle."""

from __future__ import annotations

import json
import os
import resource
import socket
import subprocess
import sys
import threading
from base64 import b64decode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sora_remix.decoding import limits, server
from sora_remix.decoding.files import DescriptorFile
from sora_remix.decoding.server import serve
from tests.decoding import bombs


class Parent:
    """The other end of the socket of a decoder that runs in a thread."""

    def __init__(self, idle_seconds: float) -> None:
        self.limited = 0
        self.socket, other_end = socket.socketpair()
        self.socket.settimeout(30)
        options = {"limit": self._limit, "idle_seconds": idle_seconds}
        self.thread = threading.Thread(target=self._serve, args=(other_end, options))
        self.thread.start()
        self.lines = self.socket.makefile("rb")
        assert self.lines.readline() == b"{}\n"

    def _serve(self, connection: socket.socket, options: Any) -> None:
        with connection:
            serve(connection, **options)

    def _limit(self) -> None:
        self.limited += 1

    def ask(self, job: str, path: Path) -> dict[str, Any]:
        descriptor = os.open(path, os.O_RDONLY)
        socket.send_fds(self.socket, [job.encode()], [descriptor])
        os.close(descriptor)
        answer: dict[str, Any] = json.loads(self.lines.readline())
        return answer

    def close(self) -> None:
        self.lines.close()
        self.socket.close()
        self.thread.join(30)


@pytest.fixture
def parent() -> Iterator[Parent]:
    parent = Parent(idle_seconds=30)
    yield parent
    parent.close()
    assert not parent.thread.is_alive()


def test_each_job_is_answered_within_its_own_time_limit(parent: Parent, clip: Path) -> None:
    facts = parent.ask("video_facts", clip)
    thumbnail = parent.ask("thumbnail", clip)

    assert facts["value"] == {
        "container": "mp4",
        "video_codec": "h264",
        "audio_codec": "",
        "pixel_format": "yuv420p",
        "is_cut_off": False,
        "duration": 1_000_000,
        "width": 160,
        "height": 90,
        "rate": [12, 1],
    }
    assert b64decode(thumbnail["value"])[:3] == b"\xff\xd8\xff"
    assert parent.ask("facts_and_thumbnail", clip)["value"] == {
        "facts": facts["value"],
        "thumbnail": thumbnail["value"],
    }
    assert parent.limited == 3


def test_images_are_answered_too(parent: Parent, tmp_path: Path) -> None:
    image = tmp_path / "image"
    image.write_bytes(bombs.jpeg(64, 2))

    assert parent.ask("image_facts", image) == {"value": {"width": 64, "height": 64}}


@pytest.mark.parametrize(
    ("job", "content", "answer"),
    [
        ("image_facts", bombs.jpeg(64, 101), {"limit": "scans"}),
        ("image_facts", bombs.jpeg(8001, 1), {"limit": "pixels"}),
        ("image_facts", b"\xff\xd8\xff" + bytes(limits.MAX_IMAGE_BYTES), {"limit": "bytes"}),
        ("video_facts", bombs.mp4(1, limits.MAX_FRAMES + 1), {"limit": "frames"}),
        ("video_facts", bombs.mp4(limits.MAX_STREAMS + 1, 1), {"limit": "memory"}),
    ],
)
def test_exceeded_limit_is_named_in_the_answer(
    parent: Parent, tmp_path: Path, job: str, content: bytes, answer: dict[str, Any]
) -> None:
    path = tmp_path / "bomb"
    path.write_bytes(content)

    assert parent.ask(job, path) == answer


@pytest.mark.parametrize(
    "job", ["video_facts", "image_facts", "thumbnail", "facts_and_thumbnail", "other"]
)
def test_undecodable_file_is_answered_with_an_error(parent: Parent, job: str) -> None:
    assert "error" in parent.ask(job, Path("/dev/null"))


def test_idle_decoder_exits() -> None:
    parent = Parent(idle_seconds=0.05)

    parent.thread.join(30)

    assert not parent.thread.is_alive()
    parent.close()


def test_a_decoder_loads_neither_django_nor_the_app() -> None:
    code = (
        "import sys, sora_remix.decoding.server; "
        "print([name for name in sys.modules if name.startswith(('django', 'httpx')) "
        "or (name.startswith('sora_remix.') and not name.startswith('sora_remix.decoding'))])"
    )
    root = Path(server.__file__).parents[2]
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True
    )

    assert found.stdout == "[]\n"


def test_descriptor_is_read_without_moving_its_offset(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"0123456789")
    with path.open("rb", buffering=0) as shared:
        file = DescriptorFile(shared.fileno())

        assert (file.read(3), file.tell(), file.seek(-2, os.SEEK_END)) == (b"012", 3, 8)
        assert (file.seek(-1, os.SEEK_CUR), file.read(), file.read(5)) == (7, b"789", b"")
        assert shared.tell() == 0
        with pytest.raises(ValueError, match="before the start"):
            file.seek(-1)


def test_limits_stay_below_those_of_the_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[tuple[int, tuple[int, int]]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda kind: (5, 7))
    monkeypatch.setattr(resource, "setrlimit", lambda kind, limit: made.append((kind, limit)))

    limits.limit_memory()
    limits.limit_seconds()

    assert made == [
        (resource.RLIMIT_AS, (7, 7)),
        (resource.RLIMIT_CORE, (0, 7)),
        (resource.RLIMIT_CPU, (7, 7)),
    ]


def test_limit_missing_on_the_system_is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(kind: int, limit: tuple[int, int]) -> None:
        raise ValueError("current limit exceeds maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuse)

    limits.limit_memory()
