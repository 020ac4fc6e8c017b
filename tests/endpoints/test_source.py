"""Unsuitable videos are refused before payment, with the figure and the limit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from sora_remix.endpoints import Source
from tests.endpoints.clips import Clip


def _source(**limits: Any) -> Source:
    return Source(kind="url", param="video_url", **limits)


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (Clip(sora_id=""), "It is not a Sora generation: it has no Sora id."),
        (
            Clip(is_deleted_at_provider=True),
            "Its provider has deleted it, so it can no longer be remixed.",
        ),
        (Clip(extension=""), None),
        (Clip(duration=None), None),
    ],
)
def test_sora_endpoint_accepts_videos_that_its_provider_still_has(
    clip: Clip, reason: str | None
) -> None:
    assert Source(kind="sora_id", param="video_id").refusal(clip) == reason


@pytest.mark.parametrize(
    ("extensions", "extension", "reason"),
    [
        ((".mp4", ".mov"), "", "It has no file that can be sent."),
        ((), "", "It has no file that can be sent."),
        (
            (".mp4", ".mov"),
            ".webm",
            "It is a file of type WEBM, but only MP4, MOV can be sent.",
        ),
        ((".mp4", ".mov"), ".mov", None),
        ((), ".webm", None),
    ],
)
def test_clip_endpoint_accepts_files_of_its_containers(
    extensions: tuple[str, ...], extension: str, reason: str | None
) -> None:
    clip = Clip(sora_id="", is_deleted_at_provider=True, extension=extension)

    assert _source(extensions=extensions).refusal(clip) == reason


@pytest.mark.parametrize(
    ("codecs", "codec", "reason"),
    [
        (
            ("h264", "hevc"),
            "prores",
            "Its picture is coded as ProRes, but only H.264, HEVC can be sent.",
        ),
        (
            ("vp9",),
            "unheard_of",
            "Its picture is coded as unheard_of, but only VP9 can be sent.",
        ),
        (("h264", "hevc"), "hevc", None),
        (("h264", "hevc"), "", None),
        ((), "prores", None),
    ],
)
def test_clip_endpoint_accepts_pictures_of_its_codecs(
    codecs: tuple[str, ...], codec: str, reason: str | None
) -> None:
    assert _source(codecs=codecs).refusal(Clip(video_codec=codec)) == reason


@pytest.mark.parametrize(
    ("pixels", "reason"),
    [
        ("yuv420p", None),
        ("yuvj420p", None),
        ("", None),
        (
            "yuv444p10le",
            "Its colours are stored as 4:4:4, 10 bit, but only 4:2:0, 8 bit can be sent.",
        ),
        ("gbrp", "Its colours are stored as gbrp, but only 4:2:0, 8 bit can be sent."),
    ],
)
def test_only_usual_pictures_are_accepted_unless_a_record_says_otherwise(
    pixels: str, reason: str | None
) -> None:
    clip = Clip(pixel_format=pixels)

    assert _source().refusal(clip) == reason
    assert _source(pixel_formats=()).refusal(clip) is None
    assert Source(kind="sora_id", param="video_id").refusal(clip) is None


@pytest.mark.parametrize(
    ("duration", "reason"),
    [
        (
            Decimal("6.4"),
            "The file is incomplete: it breaks off after 6.4 s. Upload it again.",
        ),
        (None, "The file is incomplete. Upload it again."),
    ],
)
def test_file_whose_end_is_missing_is_refused(duration: Decimal | None, reason: str) -> None:
    clip = Clip(duration=duration, is_cut_off=True, extension=".mov")

    assert _source().refusal(clip) == reason
    assert Source(kind="sora_id", param="video_id").refusal(clip) is None


def test_wrong_container_is_named_before_the_codec() -> None:
    source = _source(codecs=("h264",))

    refusal = source.refusal(Clip(extension=".mov", video_codec="prores"))

    assert refusal == "It is a file of type MOV, but only MP4 can be sent."


def test_still_image_is_refused() -> None:
    reason = "It has no moving picture, only sound or a single image."

    assert _source().refusal(Clip(is_still=True)) == reason
    assert Source(kind="sora_id", param="video_id").refusal(Clip(is_still=True)) is None


@pytest.mark.parametrize(
    ("limits", "values", "reason"),
    [
        (
            {"max_seconds": 15},
            {"duration": Decimal("21.000")},
            "21 s long, but the model accepts at most 15 s",
        ),
        (
            {"max_seconds": 15},
            {"duration": Decimal("15.001")},
            "15.001 s long, but the model accepts at most 15 s",
        ),
        ({"min_seconds": Decimal("0.7")}, {"duration": Decimal("0.699")}, "at least 0.7 s"),
        (
            {"below_seconds": 15},
            {"duration": Decimal("15.000")},
            "15 s long, but the model accepts under 15 s",
        ),
        (
            {"max_bytes": 200_000_000},
            {"size": 200_000_001},
            "size is 200.1 MB, but the model accepts at most 200 MB",
        ),
        (
            {"below_bytes": 50_000_000},
            {"size": 50_000_000},
            "size is 50 MB, but the model accepts under 50 MB",
        ),
        (
            {"min_side": 720},
            {"width": 1280, "height": 719},
            "shorter side is 719 px, but the model accepts at least 720",
        ),
        (
            {"min_side": 720},
            {"width": 719, "height": 1280},
            "shorter side is 719 px, but the model accepts at least 720",
        ),
        (
            {"max_side": 3840},
            {"width": 1, "height": 3841},
            "longer side is 3841 px, but the model accepts at most 3840",
        ),
        (
            {"max_aspect": Decimal("2.5")},
            {"width": 2501, "height": 1000},
            "Its aspect ratio is 2.51 : 1, but the model accepts at most 2.5 : 1.",
        ),
        (
            {"min_aspect": Decimal("0.4")},
            {"width": 399, "height": 1000},
            "Its aspect ratio is 0.39 : 1, but the model accepts at least 0.4 : 1.",
        ),
        (
            {"min_fps": 24},
            {"fps": Decimal("23.976")},
            "23.976 frames per second, but the model accepts at least 24",
        ),
        (
            {"max_fps": 60},
            {"fps": Decimal("120")},
            "It has 120 frames per second, but the model accepts at most 60",
        ),
    ],
)
def test_refusal_names_the_figure_and_the_limit(
    limits: dict[str, Any], values: dict[str, Any], reason: str
) -> None:
    assert reason in str(_source(**limits).refusal(Clip(**values)))


@pytest.mark.parametrize(
    ("limits", "values"),
    [
        ({"min_seconds": 3, "max_seconds": 15}, {"duration": Decimal(3)}),
        ({"min_seconds": 3, "max_seconds": 15}, {"duration": Decimal(15)}),
        ({"below_seconds": 15}, {"duration": Decimal("14.999")}),
        ({"max_bytes": 200_000_000}, {"size": 200_000_000}),
        ({"below_bytes": 50_000_000}, {"size": 49_999_999}),
        ({"min_side": 720, "max_side": 3840}, {"width": 3840, "height": 720}),
        ({"min_aspect": Decimal("0.4")}, {"width": 400, "height": 1000}),
        ({"max_aspect": Decimal("2.5")}, {"width": 2500, "height": 1000}),
        ({"min_fps": 24, "max_fps": 60}, {"fps": Decimal(24)}),
        ({"min_fps": 24, "max_fps": 60}, {"fps": Decimal(60)}),
        ({"cut_at_seconds": 8}, {"duration": Decimal(3600)}),
        ({"safe_seconds": 8, "safe_side": 9}, {"duration": Decimal(9), "width": 10, "height": 1}),
    ],
)
def test_limits_themselves_are_accepted(limits: dict[str, Any], values: dict[str, Any]) -> None:
    assert _source(**limits).refusal(Clip(**values)) is None


def test_first_of_several_reasons_is_given() -> None:
    source = _source(max_seconds=15, max_bytes=1_000_000, max_fps=60)

    refusal = source.refusal(Clip(size=2_000_000, fps=Decimal(120)))

    assert refusal == "Its size is 2 MB, but the model accepts at most 1 MB."


@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        (
            {"min_seconds": 3, "max_seconds": 15},
            "Its length is unknown. The model accepts at least 3 s, at most 15 s.",
        ),
        ({"below_seconds": 15}, "Its length is unknown. The model accepts under 15 s."),
        ({"cut_at_seconds": 8, "safe_seconds": 8}, None),
        ({"max_bytes": 1, "max_side": 1, "max_aspect": 1, "max_fps": 1}, None),
    ],
)
def test_only_a_limited_length_must_be_known(limits: dict[str, Any], reason: str | None) -> None:
    assert _source(**limits).refusal(Clip(duration=None)) == reason


@pytest.mark.parametrize("known", [{"width": 5000}, {"height": 5000}, {"width": 5000, "height": 0}])
def test_width_without_height_counts_as_unknown(known: dict[str, Any]) -> None:
    source = _source(min_side=700, max_side=800, max_aspect=2)

    assert source.refusal(Clip(**known)) is None


@pytest.mark.parametrize(
    ("limits", "values", "warnings"),
    [
        ({"cut_at_seconds": 8}, {"duration": Decimal("8.04")}, ["Only its first 8 s are used."]),
        ({"cut_at_seconds": 8}, {"duration": Decimal(8)}, []),
        ({"cut_at_seconds": 8}, {"duration": None}, []),
        (
            {"safe_seconds": 10, "safe_side": 2160},
            {"duration": Decimal(11), "width": 1000, "height": 2161},
            [
                "It is longer than 10 s and may be refused.",
                "A side is longer than 2160 px. The video may be refused.",
            ],
        ),
        (
            {"safe_seconds": 10, "safe_side": 2160},
            {"duration": Decimal(10), "width": 2160, "height": 2160},
            [],
        ),
        ({"safe_side": 2160}, {"width": 5000}, []),
    ],
)
def test_cut_or_doubtful_video_gets_a_warning(
    limits: dict[str, Any], values: dict[str, Any], warnings: list[str]
) -> None:
    assert _source(**limits).warnings(Clip(**values)) == warnings


def test_every_limit_is_stated() -> None:
    source = _source(
        extensions=(".mp4", ".mov"),
        codecs=("h264", "hevc"),
        min_seconds=Decimal("0.7"),
        below_seconds=15,
        cut_at_seconds=8,
        max_bytes=200_000_000,
        min_side=720,
        max_side=3840,
        min_aspect=Decimal("0.40"),
        max_aspect=Decimal("2.50"),
        min_fps=24,
        max_fps=60,
        safe_seconds=10,
        safe_side=2160,
    )

    assert source.limits() == [
        "Files: MP4, MOV",
        "Codecs: H.264, HEVC",
        "Length: at least 0.7 s, under 15 s",
        "Size: at most 200 MB",
        "Shorter side: at least 720 px",
        "Longer side: at most 3840 px",
        "Aspect ratio: at least 0.4 : 1, at most 2.5 : 1",
        "Frame rate: at least 24 frames per second, at most 60 frames per second",
        "Only the first 8 s are used",
        "More than 10 s may be refused",
        "More than 2160 px may be refused",
    ]


def test_missing_limits_are_not_stated() -> None:
    sora = Source(kind="sora_id", param="video_id")

    assert _source(extensions=()).limits() == []
    assert sora.limits() == ["Only Sora generations that their provider still has"]
