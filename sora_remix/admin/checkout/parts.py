"""Parts of videos that are remixed instead of all of them, as an editor types them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...endpoints import Part, part_problem
from ...endpoints.plan import FITTABLE
from ...models import Video
from ...recipe import seconds_of
from ..formatting import text

if TYPE_CHECKING:
    from ...endpoints.option import Text

PARTS = "_parts"
"""Name of the field with the parts of all videos, on any page."""
START, END = "_start-", "_end-"
"""How the names of the fields of one video begin; its primary key follows."""
LONGEST = 20
"""Characters of a time; no time needs more."""
MILLISECOND = Decimal("0.001")
NO_TIME = _("Enter a time such as “0:12.5”, or seconds such as “12.5”.")

Times = tuple[str, str]
"""Start and end as typed."""


class Parts:
    """The parts of the videos of a draft."""

    def __init__(self, data: QueryDict, kept: Mapping[str, Any], videos: Iterable[Video]) -> None:
        """Read what was sent; for videos that it doesn't name, what is kept with the draft."""
        known = _loaded(str(data[PARTS])) if PARTS in data else kept
        self.times: dict[int, Times] = {}
        self.parts: dict[int, Part] = {}
        self.errors: dict[int, Text] = {}
        for video in videos:
            start, end = _times(known.get(str(video.pk)))
            start = data.get(f"{START}{video.pk}", start).strip()[:LONGEST]
            end = data.get(f"{END}{video.pk}", end).strip()[:LONGEST]
            if start or end:
                self.times[video.pk] = start, end
                self._read(video, start, end)

    @property
    def as_text(self) -> str:
        """Return all parts, as the page sends them back."""
        return json.dumps(self.times, separators=(",", ":"))

    def _read(self, video: Video, start: str, end: str) -> None:
        try:
            part = _seconds(start) or Decimal(0), _seconds(end)
        except ValueError:
            self.errors[video.pk] = NO_TIME
            return
        if problem := part_problem(video, part):
            self.errors[video.pk] = problem
        elif not _is_whole(video, part):
            self.parts[video.pk] = part


@dataclass(frozen=True)
class PartFields:
    """The fields for the part of one video."""

    video: Video
    times: Times
    error: Text | None

    @classmethod
    def of(cls, video: Video, parts: Parts, refusal: Text | None) -> PartFields:
        """Show what was typed; a part that the endpoint refuses is an error as well."""
        is_refused = video.pk in parts.parts
        error = parts.errors.get(video.pk) or (refusal if is_refused else None)
        return cls(video, parts.times.get(video.pk, ("", "")), error)

    @property
    def is_possible(self) -> bool:
        """Whether a clip can be made from the file of the video."""
        return self.video.extension in FITTABLE and not self.video.is_still

    @property
    def is_open(self) -> bool:
        return any(self.times)

    @property
    def start(self) -> str:
        return self.times[0]

    @property
    def end(self) -> str:
        return self.times[1]

    @property
    def help(self) -> str:
        """Say what to type."""
        if self.video.duration is None:
            return gettext("Such as 0:12.5. Leave both empty for the whole video.")
        message = gettext("Such as 0:12.5. Leave both empty for the whole video: %(length)s.")
        return message % {"length": text.seconds(self.video.duration)}


def _seconds(time: str) -> Decimal | None:
    return seconds_of(time).quantize(MILLISECOND) if time else None


def _is_whole(video: Video, part: Part) -> bool:
    start, end = part
    if start:
        return False
    return end is None or (video.duration is not None and end >= video.duration)


def _times(kept: Any) -> Times:
    """Read two texts, whatever was sent."""
    if isinstance(kept, list | tuple) and len(kept) == 2:
        start, end = (one if isinstance(one, str) else "" for one in kept)
        return start, end
    return "", ""


def _loaded(sent: str) -> Mapping[str, Any]:
    """Read the parts that a page sent back; nothing if they are no object."""
    try:
        found = json.loads(sent)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
