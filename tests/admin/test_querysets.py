"""The database finds exactly the videos that endpoints take, as they are or fitted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sora_remix.admin.querysets import remixable
from sora_remix.decoding.containers import EXTENSIONS
from sora_remix.endpoints import Endpoint, Price, Source, fitting_refusal
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import Video
from tests.checkout import make_clip

pytestmark = pytest.mark.django_db

SHAPES: list[dict[str, Any]] = [
    {"width": None},
    {"width": 0},
    {"height": None},
    {"width": 720, "height": 720},
    {"width": 719, "height": 1280},
    {"width": 320, "height": 800},
    {"width": 321, "height": 130},
    {"width": 2160, "height": 864},
    {"width": 2161, "height": 1000},
    {"width": 3840, "height": 2160},
    {"width": 4000, "height": 2160},
]
VIDEOS: list[dict[str, Any]] = [
    *SHAPES,
    {"sora_id": "video_1"},
    {"sora_id": "video_2", "file": ""},
    {"sora_id": "video_3", "is_deleted_at_provider": True, "file": ""},
    *({"file": name} for name in ("", "videos/sea", "videos.x/sea", "a/b.MP4", "a.mov", "a.avi")),
    {"file": "a.mp4", "container": "mp4"},
    {"file": "", "container": "mp4", "video_codec": "h264"},
    *(
        {"file": name, "container": container, "video_codec": "h264"}
        for name in ("a.mp4", "a.avi", "a")
        for container in EXTENSIONS
    ),
    *(
        {"file": "a.mp4", "container": "mp4", "video_codec": codec}
        for codec in ("", "h264", "hevc", "prores")
    ),
    *(
        {"file": "a.mp4", "container": "mp4", "video_codec": "h264", "pixel_format": pixels}
        for pixels in ("", "yuv420p", "yuvj420p", "yuv420p10le", "bgra")
    ),
    *(
        {"is_cut_off": True, "duration": length, **read}
        for length in (None, "0.1", "0.199", "0.2", "0.8", "0.899", "0.9", "2", "2.1", "70")
        for read in ({}, {"container": "mp4", "video_codec": "h264"})
    ),
    {"duration": None},
    {"duration": 0},
    *({"duration": length} for length in ("0.699", "0.7", "2", "3", "10", "14.999", "15", "1801")),
    *({"size": size} for size in (None, 49_999_999, 50_000_000, 100_000_001, 200_000_001)),
    *({"fps": fps} for fps in (None, "8", "8.001", "60", "60.001")),
]
ALL_LIMITS = Source(
    kind="url",
    param="video_url",
    extensions=(),
    min_seconds=Decimal("0.7"),
    max_fps=60,
    min_aspect=Decimal("0.41"),
    below_bytes=50_000_000,
)
NO_LIMITS = Source(kind="url", param="video_url")
CODECS = Source(kind="url", param="video_url", codecs=("h264", "hevc"))
ANY_PIXELS = Source(kind="url", param="video_url", pixel_formats=())
ENDPOINTS = [
    *BUILT_IN.values(),
    *(
        Endpoint(key=key, endpoint_id="a/b", label=key, source=source, price=Price())
        for key, source in (
            ("all", ALL_LIMITS),
            ("none", NO_LIMITS),
            ("codecs", CODECS),
            ("pixels", ANY_PIXELS),
        )
    ),
]


@pytest.mark.parametrize("endpoint", ENDPOINTS, ids=lambda endpoint: endpoint.key)
def test_database_and_endpoint_agree_on_remixable_videos(endpoint: Endpoint) -> None:
    for facts in VIDEOS:
        make_clip(**facts)

    found = set(Video.objects.filter(remixable([endpoint])))

    assert found == {
        video for video in Video.objects.all() if not fitting_refusal(endpoint.source, video)
    }


def test_videos_that_any_endpoint_accepts_are_found() -> None:
    for facts in VIDEOS:
        make_clip(**facts)

    found = set(Video.objects.filter(remixable(ENDPOINTS)))

    takes = {
        video
        for video in Video.objects.all()
        if any(not fitting_refusal(endpoint.source, video) for endpoint in ENDPOINTS)
    }
    assert found == takes
