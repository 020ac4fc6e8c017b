"""What an editor allows to be done to videos so that an endpoint accepts them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, cast

from django.http import QueryDict
from django.utils.translation import gettext, ngettext

from ...endpoints import Fit, Part, Plan
from .facts import PlannedClip

if TYPE_CHECKING:
    from ...recipe import Shape

AGREE = "_agree"
"""Name of the checkbox that allows visible changes."""
SHAPE = "_shape"
"""Name of the field that says what is done about a wrong aspect ratio."""
SHAPES = ("crop", "pad")
MOST_NAMED = 3
"""Visible changes that the label of the checkbox names."""


class Allowed:
    """What is allowed for all videos."""

    def __init__(self, data: QueryDict) -> None:
        self.is_agreed = AGREE in data
        shape = data.get(SHAPE, "")
        self.shape = cast("Shape", shape if shape in SHAPES else "")

    def fit(self, part: Part | None) -> Fit:
        """Return the same for one video, of which this part is taken."""
        return Fit(part=part, shape=self.shape, is_agreed=self.is_agreed)


class FittingQuestions:
    """What has to be asked about the videos that an endpoint takes only with visible changes."""

    def __init__(self, planned: Sequence[PlannedClip], allowed: Allowed) -> None:
        self.allowed = allowed
        self._plans = [one.plan for one in planned if not one.plan.refusal]

    @cached_property
    def changing(self) -> list[Plan]:
        """List the plans that need the checkbox."""
        return [plan for plan in self._plans if plan.is_lossy]

    @cached_property
    def shaped_count(self) -> int:
        """Count the videos whose aspect ratio is not accepted."""
        return sum(plan.is_shaped for plan in self._plans)

    @property
    def label(self) -> str:
        """Label the checkbox with the number of videos, and with what will be visible."""
        changes = dict.fromkeys(str(one) for plan in self.changing for one in plan.visible_changes)
        named = [*changes][:MOST_NAMED]
        message = ngettext(
            "Also fit the %(many)d video that changes visibly: %(changes)s",
            "Also fit the %(many)d videos that change visibly: %(changes)s",
            len(self.changing),
        )
        values = ", ".join([*named, *(["…"] if len(changes) > MOST_NAMED else [])])
        return message % {"many": len(self.changing), "changes": values}

    @property
    def shape_label(self) -> str:
        message = ngettext(
            "The model doesn't accept the aspect ratio of %(many)d video",
            "The model doesn't accept the aspect ratio of %(many)d videos",
            self.shaped_count,
        )
        return message % {"many": self.shaped_count}

    @property
    def shapes(self) -> list[tuple[str, str, bool]]:
        """List what can be done about the aspect ratio: its value, its name, if it is chosen."""
        names = {
            "": gettext("Leave out"),
            "crop": gettext("Crop the edges"),
            "pad": gettext("Add black bars"),
        }
        return [(value, name, value == self.allowed.shape) for value, name in names.items()]
