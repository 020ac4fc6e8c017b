"""A file whose end is missing is remixed only as far as it goes, and only if somebody agrees."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from sora_remix.endpoints import Fit, Part, part_problem, plan_clip
from sora_remix.endpoints.builtin import BUILT_IN
from tests.endpoints.clips import Clip

CUT = Clip(
    sora_id="",
    duration=Decimal("6.482"),
    width=1920,
    height=1080,
    fps=Decimal(30),
    size=8_000_000,
    is_cut_off=True,
)
WAN = BUILT_IN["wan-2.7"].source


def test_rest_of_the_file_is_taken_once_somebody_agrees() -> None:
    found = plan_clip(WAN, CUT, Fit())

    assert [str(change) for change in found.visible_changes] == [
        "cut to the first 6.3 s, because the file is incomplete"
    ]
    assert (found.recipe.end, found.clip.duration) == (Decimal("6.3"), Decimal("6.3"))
    assert found.problem(Fit()) and found.problem(Fit(is_agreed=True)) is None


def test_clip_that_is_too_long_besides_is_cut_once() -> None:
    found = plan_clip(WAN, replace(CUT, duration=Decimal("20.5")), Fit())

    assert [str(change) for change in found.changes] == ["cut to the first 9.9 s"]


def test_part_before_the_break_is_no_loss() -> None:
    found = plan_clip(WAN, CUT, Fit(part=(Decimal(1), Decimal(4))))

    assert (found.refusal, found.losses, found.recipe.end) == (None, frozenset(), Decimal(4))


def test_part_to_the_end_stops_at_the_break() -> None:
    found = plan_clip(WAN, CUT, Fit(part=(Decimal("1.05"), None)))

    assert found.recipe.end == Decimal("6.3") and found.losses == {"cut"}


@pytest.mark.parametrize(
    ("part", "problem"),
    [
        ((Decimal(2), Decimal(8)), "The video is only 6.482 s long."),
        ((Decimal("6.4"), None), "The end must be after the start."),
        ((Decimal("6.4"), Decimal("6.45")), "The end must be after the start."),
        ((Decimal(2), Decimal("6.5")), None),
    ],
)
def test_part_after_the_break_is_refused(part: Part, problem: str | None) -> None:
    found = part_problem(CUT, part)

    assert (None if found is None else str(found)) == problem


@pytest.mark.parametrize("duration", [None, Decimal("0.05"), Decimal("0.1"), Decimal("1.9")])
def test_file_of_which_too_little_is_left_is_refused_as_incomplete(
    duration: Decimal | None,
) -> None:
    found = plan_clip(WAN, replace(CUT, duration=duration), Fit(is_agreed=True))

    assert str(found.refusal).startswith("The file is incomplete")
    assert str(found.refusal).endswith("Upload it again.")


def test_generation_is_named_by_its_id_whatever_its_file_lacks() -> None:
    generation = replace(CUT, sora_id="video_1")

    assert plan_clip(BUILT_IN["sora-2"].source, generation, Fit()).is_as_is
