"""The grid of what will be made: videos by prompts, of which single cells are switched off."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.http import QueryDict
from django.utils.text import Truncator
from django.utils.translation import gettext

from ...models import Video
from ..params import parse_pk
from .prompts import Prompts
from .quote import QuoteLine

CELL = "_cell"
"""Name of the boxes that are ticked where a remix is made."""
ROWS = "_rows"
"""Name of the field with the videos whose boxes are on the page: no tick there means off."""
WITHOUT = "_without"
"""Name of the field with all cells that are switched off, on whatever page they are."""
MOST_ROWS = 100
MOST_BOXES = 800
"""Boxes on a page: Django takes no more than 1,000 fields (DATA_UPLOAD_MAX_NUMBER_FIELDS)."""
SAID = 60
"""Characters of a prompt that stand over its column."""
TOKEN = re.compile(r"\b([0-9]{1,18}):([0-9]{1,6})\b")

Token = tuple[int, int]
"""A cell: the primary key of a video, and the number of a prompt."""


@dataclass(frozen=True)
class CellBox:
    """A cell as the page shows it."""

    video: int
    number: int
    label: str
    is_on: bool


@dataclass(frozen=True)
class CellRow:
    """A video with its cells."""

    line: QuoteLine
    boxes: Sequence[CellBox]


@dataclass(frozen=True)
class CellColumn:
    """A prompt over its cells."""

    number: int
    label: str
    said: str


class CellGrid:
    """Which of the cells are switched off; all others are made."""

    def __init__(self, data: QueryDict, videos: Iterable[Video], prompts: Prompts) -> None:
        self.prompts = prompts
        self.numbers = tuple(prompts.texts)
        pks = {video.pk for video in videos}
        off = {*_tokens(data.get(WITHOUT, ""))}
        rows = [pk for pk in map(parse_pk, data.get(ROWS, "").split()) if pk in pks]
        shown = {(pk, number) for pk in rows for number in prompts.sent}
        ticked = {*_tokens(" ".join(data.getlist(CELL)))}
        off = (off - shown) | (shown - ticked)
        self.off = {(pk, number) for pk, number in off if pk in pks and number in prompts.texts}

    @cached_property
    def without(self) -> set[tuple[int, int]]:
        """Return what is not made, by the primary key of the video and the index of the prompt."""
        index = {number: at for at, number in enumerate(self.numbers)}
        return {(pk, index[number]) for pk, number in self.off}

    @property
    def kept(self) -> str:
        """Return all cells that are switched off, to be sent along."""
        return " ".join(f"{pk}:{number}" for pk, number in sorted(self.off))

    @property
    def rows_on_a_page(self) -> int:
        return max(1, min(MOST_ROWS, MOST_BOXES // len(self.numbers)))

    def many(self, video: Video) -> int:
        """Count the remixes that are made of a video."""
        return len(self.numbers) - self._off_by_video[video.pk]

    def rows(self, lines: Iterable[QuoteLine]) -> list[CellRow]:
        """Return these videos with their cells."""
        return [CellRow(line, [*self._boxes(line.video)]) for line in lines]

    def columns(self) -> list[CellColumn]:
        """Return the prompts, as they stand over the cells."""
        texts = self.prompts.texts.items()
        return [
            CellColumn(number, self.prompts.label(number), Truncator(text).chars(SAID))
            for number, text in texts
        ]

    def _boxes(self, video: Video) -> Iterable[CellBox]:
        for number, label in self._labels.items():
            name = gettext("%(video)s × %(prompt)s") % {"video": video.title, "prompt": label}
            yield CellBox(video.pk, number, name, (video.pk, number) not in self.off)

    @cached_property
    def _labels(self) -> dict[int, str]:
        return {number: self.prompts.label(number) for number in self.numbers}

    @cached_property
    def _off_by_video(self) -> Counter[int]:
        return Counter(pk for pk, _number in self.off)


def _tokens(text: str) -> Iterable[Token]:
    return ((int(pk), int(number)) for pk, number in TOKEN.findall(text))
