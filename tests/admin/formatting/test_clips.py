"""Parts and changes of clips are named in words and figures."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sora_remix.admin.formatting import clips
from sora_remix.models import Remix
from sora_remix.models.status import Status
from sora_remix.recipe import Recipe

PART = Recipe(start=Decimal("2.5"), end=Decimal(10))


@pytest.mark.parametrize(
    ("recipe", "named"),
    [
        (PART.to_text(), "0:02.5 to 0:10"),
        (Recipe(start=Decimal(70)).to_text(), "from 1:10 to the end"),
        (Recipe(end=Decimal(10)).to_text(), "0:00 to 0:10"),
        (Recipe(width=640, height=360).to_text(), ""),
        ("", ""),
        ('{"later": 1}', ""),
    ],
)
def test_part_is_named_where_there_is_one(recipe: str, named: str) -> None:
    assert clips.part(recipe) == named


@pytest.mark.parametrize(
    ("recipe", "said"),
    [
        ("", ""),
        (PART.to_text(), "0:02.5 to 0:10, as MP4 (H.264, AAC)"),
        (
            Recipe(width=2160, height=864, shape="crop", fps=Decimal(60)).to_text(),
            "all of it, as MP4 (H.264, AAC), 2160 × 864 px, edges cropped, 60 frames per second",
        ),
        (
            Recipe(width=864, height=864, shape="pad").to_text(),
            "all of it, as MP4 (H.264, AAC), 864 × 864 px, black bars added",
        ),
    ],
)
def test_clip_is_described_by_its_part_and_changes(recipe: str, said: str) -> None:
    assert clips.made_from(Remix(recipe=recipe)) == said


@pytest.mark.parametrize(
    ("done", "length", "said"),
    [
        (None, "20", "waiting to be fitted"),
        ("0", "20", "waiting to be fitted"),
        ("3.9", "20", "being fitted, 3 of 8 s"),
        ("3.9", "6", "being fitted, 3 of 4 s"),
    ],
)
def test_progress_counts_the_seconds_of_the_clip(done: str | None, length: str, said: str) -> None:
    assert _progress(PART, done=done, length=length) == said


def test_progress_of_unknown_length_counts_the_seconds_alone() -> None:
    assert _progress(Recipe(fps=Decimal(30)), done="3", length=None) == "being fitted, 3 s so far"


@pytest.mark.parametrize(
    ("status", "clip"), [(Status.SUBMITTING, ""), (Status.QUEUED, "clips/a.mp4")]
)
def test_nothing_is_said_once_the_clip_is_made_or_sent(status: Status, clip: str) -> None:
    assert _progress(PART, done="3", length="20", status=status, clip=clip) == ""


def _progress(
    recipe: Recipe,
    *,
    done: str | None,
    length: str | None,
    status: str = Status.QUEUED,
    clip: str = "",
) -> str:
    return clips.progress(
        status=status,
        recipe=recipe.to_text(),
        clip=clip,
        done=None if done is None else Decimal(done),
        source_length=None if length is None else Decimal(length),
    )
