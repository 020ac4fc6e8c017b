"""The grid of videos by prompts, in which an editor unticks remixes."""

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
"""Name of the checkboxes, ticked where a remix is made."""
ROWS = "_rows"
"""Name of the field with the videos whose checkboxes are on the page."""
WITHOUT = "_without"
"""Name of the field with all cells that are not ticked, on any page."""
MOST_ROWS = 100
MOST_FIELDS = 850
"""Checkboxes and times on a page. Django accepts 1,000 fields (DATA_UPLOAD_MAX_NUMBER_FIELDS)."""
TIMES = 2
"""Fields for the part of a video."""
HEADING_LENGTH = 60
"""Characters of a prompt that head its column."""
TOKEN = re.compile(r"\b([0-9]{1,18}):([0-9]{1,6})\b")

Token = tuple[int, int]
"""A cell: the primary key of a video, and the number of a prompt."""


@dataclass(frozen=True)
class CellBox:
    """The checkbox of a cell."""

    video: int
    number: int
    label: str
    is_ticked: bool


@dataclass(frozen=True)
class CellRow:
    """A video with its cells."""

    line: QuoteLine
    boxes: Sequence[CellBox]


@dataclass(frozen=True)
class CellColumn:
    """A prompt that heads its cells."""

    number: int
    label: str
    heading: str


class CellGrid:
    """The cells, and which of them are not ticked: all others are made."""

    def __init__(self, data: QueryDict, videos: Iterable[Video], prompts: Prompts) -> None:
        self.prompts = prompts
        self.numbers = tuple(prompts.texts)
        pks = {video.pk for video in videos}
        off = {*_tokens(data.get(WITHOUT, ""))}
        rows = [pk for pk in map(parse_pk, data.get(ROWS, "").split()) if pk in pks]
        shown = {(pk, number) for pk in rows for number in prompts.shown}
        ticked = {*_tokens(" ".join(data.getlist(CELL)))}
        off = (off - shown) | (shown - ticked)
        self.off = {(pk, number) for pk, number in off if pk in pks and number in prompts.texts}

    @cached_property
    def without(self) -> set[tuple[int, int]]:
        """List the unticked remixes by primary key of the video and index of the prompt."""
        index = {number: at for at, number in enumerate(self.numbers)}
        return {(pk, index[number]) for pk, number in self.off}

    @property
    def unticked(self) -> str:
        """Return all cells that are not ticked, as the page sends them back."""
        return " ".join(f"{pk}:{number}" for pk, number in sorted(self.off))

    @property
    def rows_per_page(self) -> int:
        return max(1, min(MOST_ROWS, MOST_FIELDS // (len(self.numbers) + TIMES)))

    def count(self, video: Video) -> int:
        """Count the remixes of a video."""
        return len(self.numbers) - self._off_by_video[video.pk]

    def rows(self, lines: Iterable[QuoteLine]) -> list[CellRow]:
        """List these videos with their cells."""
        return [CellRow(line, [*self._boxes(line.video)]) for line in lines]

    def columns(self) -> list[CellColumn]:
        """List the prompts with their headings."""
        texts = self.prompts.texts.items()
        return [
            CellColumn(number, self.prompts.label(number), Truncator(text).chars(HEADING_LENGTH))
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
