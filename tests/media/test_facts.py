"""Facts fit the columns of a video, or are unknown."""

from __future__ import annotations

import io
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sora_remix import media
from sora_remix.exceptions import NotAVideo
from sora_remix.media import facts
from sora_remix.models import Video
from tests.decoding import bombs
from tests.decoding.recordings import record


def _facts_of(monkeypatch: pytest.MonkeyPatch, **answer: Any) -> media.VideoFacts:
    said = {"container": "mp4", "video_codec": "h264", "audio_codec": "", **answer}
    usual: dict[str, Any] = {"duration": 1_000_000, "width": 160, "height": 90, "rate": [25, 1]}
    usual |= {"pixel_format": "yuv420p", "is_cut_off": False}
    monkeypatch.setattr(facts, "decode", lambda job, file: {**usual, **said})
    return media.video_facts(io.BytesIO(b"a video"))


@pytest.mark.parametrize(
    ("microseconds", "duration"),
    [
        (None, None),
        (-1, None),
        (0, None),
        (499, None),
        (501, "0.001"),
        (999_999_999_499, "999999.999"),
        (999_999_999_501, None),
        (10**12, None),
        (2**63 - 1, None),
    ],
)
def test_length_that_does_not_fit_its_column_is_unknown(
    monkeypatch: pytest.MonkeyPatch, microseconds: int | None, duration: str | None
) -> None:
    found = _facts_of(monkeypatch, duration=microseconds)

    assert found.duration == (Decimal(duration) if duration else None)
    Video(title="x", sora_id="x", duration=found.duration).clean_fields()


@pytest.mark.parametrize(
    ("rate", "fps"),
    [
        (None, None),
        ([0, 1], None),
        ([-25, 1], None),
        ([25, -1], None),
        ([1, 10_000], None),
        ([30_000, 1001], "29.970"),
        ([9_999_999, 1000], "9999.999"),
        ([99_999_996, 10_000], None),
        ([2**31 - 1, 1], None),
    ],
)
def test_frame_rate_that_does_not_fit_its_column_is_unknown(
    monkeypatch: pytest.MonkeyPatch, rate: list[int] | None, fps: str | None
) -> None:
    found = _facts_of(monkeypatch, rate=rate)

    assert found.fps == (Decimal(fps) if fps else None)
    Video._meta.get_field("fps").run_validators(found.fps)


@pytest.mark.parametrize("side", [0, -1, 2**31, 1.5, None, True])
def test_size_that_does_not_fit_its_column_is_refused(
    monkeypatch: pytest.MonkeyPatch, side: Any
) -> None:
    with pytest.raises(NotAVideo):
        _facts_of(monkeypatch, width=side)


@pytest.mark.parametrize(
    "kind",
    [
        {"container": "flv"},
        {"container": None},
        {"container": ["mp4"]},
        {"video_codec": "<b>"},
        {"video_codec": None},
        {"audio_codec": "x" * 33},
        {"audio_codec": "aac\n"},
        {"pixel_format": "yuv420p;"},
        {"is_cut_off": 1},
    ],
)
def test_container_that_does_not_fit_its_column_is_refused(
    monkeypatch: pytest.MonkeyPatch, kind: dict[str, Any]
) -> None:
    with pytest.raises(NotAVideo):
        _facts_of(monkeypatch, **kind)


@pytest.mark.parametrize(
    ("name", "content", "true_name"),
    [
        ("a.mp4", record("webm"), "a.webm"),
        ("a.b.mp4", record("avi"), "a.b.avi"),
        ("a", record("mp4"), "a.mp4"),
        ("a.bin", b"RIFF\0\0\0\0WEBP", "a.webp"),
        ("a.mp4", b"\xff\xd8\xff", "a.jpg"),
        ("a.MP4", b"nothing known", "a.MP4"),
    ],
)
def test_extension_of_a_file_comes_from_its_content(
    name: str, content: bytes, true_name: str
) -> None:
    file = io.BytesIO(content)

    assert media.true_name(name, file) == true_name
    assert file.tell() == 0


def test_clip_claiming_weeks_has_unknown_length(clip: Path) -> None:
    assert media.video_facts(io.BytesIO(bombs.claim_weeks(clip))).duration is None
