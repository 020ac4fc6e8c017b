"""A clip that an endpoint refuses is planned to fit, in words and figures."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_remix.decoding.containers import EXTENSIONS
from sora_remix.endpoints import Endpoint
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.endpoints.plan import FITTABLE, Fit, Plan, plan_clip
from sora_remix.recipe import Recipe, Shape
from tests.endpoints.clips import Clip

CLIP = Clip(
    sora_id="",
    duration=Decimal(8),
    width=1920,
    height=1080,
    fps=Decimal(30),
    size=8_000_000,
)
URLS = sorted(key for key, one in BUILT_IN.items() if one.source.kind == "url")
MOV = replace(CLIP, extension=".mov")


def _plan(key: str, clip: Clip, shape: Shape = "") -> Plan:
    return plan_clip(BUILT_IN[key].source, clip, Fit(shape=shape))


def _changes(key: str, clip: Clip, shape: Shape = "") -> list[str]:
    return [str(change) for change in _plan(key, clip, shape).changes]


@pytest.mark.parametrize("key", URLS)
def test_clip_that_is_accepted_is_taken_as_it_is(key: str) -> None:
    found = _plan(key, CLIP)

    assert found.is_as_is
    assert (found.recipe, found.clip) == (Recipe(), CLIP)


@pytest.mark.parametrize(
    ("key", "clip", "expected"),
    [
        ("flux-3", MOV, ["MOV → MP4 (H.264, AAC)"]),
        ("wan-2.7", replace(CLIP, duration=Decimal(70)), ["cut to the first 9.9 s"]),
        ("flux-3", replace(CLIP, duration=Decimal(15)), ["cut to the first 14.9 s"]),
        ("happy-horse", replace(CLIP, width=3840, height=2160), ["3840 × 2160 → 2160 × 1216 px"]),
        ("happy-horse", replace(CLIP, fps=Decimal(5)), ["5 → 9 frames per second"]),
        ("kling-o3", replace(CLIP, width=640, height=360), ["640 × 360 → 1280 × 720 px"]),
        ("flux-3", replace(CLIP, size=300_000_000), ["300 MB → 50 MB"]),
    ],
)
def test_change_is_named_with_its_figures(key: str, clip: Clip, expected: list[str]) -> None:
    assert _changes(key, clip) == expected


def test_other_codec_is_named() -> None:
    source = replace(BUILT_IN["flux-3"].source, codecs=("h264",))

    found = plan_clip(source, replace(CLIP, video_codec="hevc"), Fit())

    assert [str(change) for change in found.changes] == ["HEVC → H.264"]
    assert (found.refusal, found.is_asked_for) == (None, False)


@pytest.mark.parametrize("key", URLS)
@pytest.mark.parametrize(
    ("pixels", "expected"),
    [
        ("yuv444p", ["4:4:4 → 4:2:0"]),
        ("yuvj422p", ["4:2:2 → 4:2:0"]),
        ("yuv420p10le", ["10 bit → 8 bit"]),
        ("yuv422p12le", ["4:2:2 → 4:2:0", "12 bit → 8 bit"]),
        ("gbrp10le", ["gbrp10le → 4:2:0"]),
        ("yuva420p", ["yuva420p → yuv420p"]),
    ],
)
def test_unusual_pictures_are_converted_without_being_asked_for(
    key: str, pixels: str, expected: list[str]
) -> None:
    found = _plan(key, replace(CLIP, pixel_format=pixels))

    assert [str(change) for change in found.changes] == expected
    assert (found.refusal, found.is_asked_for, found.clip.pixel_format) == (None, False, "yuv420p")


@pytest.mark.parametrize("pixels", ["", "yuv420p", "yuvj420p"])
def test_usual_and_unknown_pictures_are_left_alone(pixels: str) -> None:
    assert _plan("flux-3", replace(CLIP, pixel_format=pixels)).is_as_is


def test_phone_clip_is_converted_at_once() -> None:
    phone = replace(MOV, video_codec="hevc", pixel_format="yuv420p10le")

    assert _changes("flux-3", phone) == ["MOV → MP4 (H.264, AAC)", "10 bit → 8 bit"]
    assert _changes("kling-o3", phone) == ["10 bit → 8 bit"]


def test_gif_is_taken_as_it_is_by_a_model_that_names_gifs() -> None:
    gif = replace(CLIP, extension=".gif", video_codec="gif", pixel_format="bgra")

    assert _plan("lucy-restyle", gif).is_as_is


def test_part_of_a_large_file_may_be_small_enough() -> None:
    long = replace(CLIP, duration=Decimal(70), size=350_000_000)

    assert _changes("wan-2.7", long) == ["cut to the first 9.9 s"]
    assert _plan("wan-2.7", long).recipe.max_bytes == 100_000_000


@pytest.mark.parametrize(
    ("clip", "loss"),
    [
        (MOV, set()),
        (replace(CLIP, duration=Decimal(70)), {"cut"}),
        (replace(CLIP, width=640, height=360), {"upscaled"}),
        (replace(CLIP, width=7680, height=4320), set()),
    ],
)
def test_only_a_visible_loss_is_asked_for(clip: Clip, loss: set[str]) -> None:
    found = _plan("kling-o3", clip)

    assert found.losses == loss
    assert found.is_asked_for is bool(loss)


def test_odd_aspect_ratio_waits_for_a_choice_of_cropping_or_padding() -> None:
    wide = replace(CLIP, width=3000, height=1000)

    found = _plan("happy-horse", wide)

    assert (found.needs_shape, found.is_as_is, found.is_asked_for) == (True, False, True)
    assert _plan("happy-horse", wide, "crop").recipe == Recipe(
        width=2160, height=864, shape="crop", max_bytes=100_000_000
    )
    assert _changes("happy-horse", wide, "pad") == [
        "black bars added",
        "3000 × 1000 → 2160 × 864 px",
    ]


def test_part_that_was_chosen_is_no_loss() -> None:
    found = plan_clip(BUILT_IN["wan-2.7"].source, CLIP, Fit(part=(Decimal("1.5"), Decimal(6))))

    assert (found.losses, found.clip.duration) == (frozenset(), Decimal("4.5"))
    assert (found.recipe.start, found.recipe.end) == (Decimal("1.5"), Decimal(6))


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (replace(CLIP, duration=Decimal("0.3")), "It is 0.3 s long"),
        (replace(CLIP, is_still=True), "It has no moving picture"),
        (replace(CLIP, extension=""), "It has no file that can be sent."),
    ],
)
def test_nothing_helps_a_clip_that_is_too_short_or_shows_nothing(clip: Clip, reason: str) -> None:
    assert str(_plan("flux-3", clip).refusal).startswith(reason)


def test_generation_that_is_named_by_its_id_is_never_fitted() -> None:
    generation = replace(CLIP, sora_id="", extension=".avi")

    assert str(_plan("sora-2", generation).refusal).startswith("It is not a Sora generation")


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ((5, 3), "The end must be after the start."),
        ((-1, 3), "The end must be after the start."),
        ((2, 9), "The video is only 8 s long."),
        ((2, 3), "It is 1 s long, but the model accepts at least 2 s."),
    ],
)
def test_part_that_can_not_be_used_is_refused(part: tuple[int, int], problem: str) -> None:
    fit = Fit(part=(Decimal(part[0]), Decimal(part[1])))

    assert str(plan_clip(BUILT_IN["wan-2.7"].source, CLIP, fit).refusal) == problem


def test_visible_change_is_a_problem_until_somebody_agrees() -> None:
    found = _plan("wan-2.7", replace(CLIP, duration=Decimal(70)))

    problem = "It fits only with visible changes: cut to the first 9.9 s."
    assert str(found.problem(Fit())) == problem
    assert found.problem(Fit(is_agreed=True)) is None


CLIPS = st.builds(
    Clip,
    sora_id=st.just(""),
    duration=st.decimals("0.1", "4000", places=3),
    width=st.integers(16, 8000),
    height=st.integers(16, 8000),
    fps=st.sampled_from(["5", "12", "23.976", "29.97", "60", "120"]).map(Decimal),
    size=st.integers(10**4, 2 * 10**9),
    extension=st.sampled_from([".mp4", ".mov", ".avi", ".gif", ".webm", ".ts", ".mkv"]),
)


@given(
    endpoint=st.sampled_from([BUILT_IN[key] for key in URLS]),
    clip=CLIPS,
    shape=st.sampled_from(["crop", "pad"]),
)
def test_every_clip_that_is_long_enough_fits_every_endpoint(
    endpoint: Endpoint, clip: Clip, shape: Shape
) -> None:
    found = plan_clip(endpoint.source, clip, Fit(shape=shape))

    least = endpoint.source.min_seconds or 0
    assert (found.refusal is None) is (clip.duration is not None and clip.duration >= least)
    if found.refusal is None:
        assert endpoint.refusal(found.clip) is None
    assert all(side is None or side % 2 == 0 for side in (found.recipe.width, found.recipe.height))


def test_every_kind_of_file_that_is_decoded_can_be_fitted() -> None:
    assert set(FITTABLE) == set(EXTENSIONS.values())


def test_kind_of_file_that_can_not_be_decoded_is_refused() -> None:
    found = _plan("flux-3", replace(CLIP, extension=".txt"))

    assert str(found.refusal).startswith("It is a file of type TXT")


def test_part_of_a_generation_is_refused() -> None:
    generation = replace(CLIP, sora_id="video_1")
    fit = Fit(part=(Decimal(1), Decimal(3)))

    found = plan_clip(BUILT_IN["sora-2"].source, generation, fit)

    assert str(found.refusal) == "Only the whole video can be remixed, not a part of it."


def test_clip_that_is_accepted_just_below_the_limit_is_not_cut() -> None:
    assert _plan("flux-3", replace(CLIP, duration=Decimal("14.95"))).is_as_is


def test_choosing_a_shape_is_agreement_to_it_and_to_nothing_else() -> None:
    wide = replace(CLIP, width=3000, height=1000)
    fit = Fit(shape="crop")

    assert _plan("happy-horse", wide, "crop").problem(fit) is None
    long = _plan("happy-horse", replace(wide, duration=Decimal(70)), "crop")
    assert [str(change) for change in long.visible_changes] == [
        "cut to the first 59.9 s",
        "edges cropped",
    ]
    assert long.problem(fit) is not None


def test_only_visible_changes_are_named_as_such() -> None:
    found = _plan("wan-2.7", replace(MOV, duration=Decimal(70), extension=".avi"))

    assert [str(change) for change in found.visible_changes] == ["cut to the first 9.9 s"]
    assert len(found.changes) > 1
