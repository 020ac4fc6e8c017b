"""How an endpoint treats the sound of a video."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from django.utils.translation import gettext_lazy as _

from .option import is_same
from .values import Text


@dataclass(frozen=True, kw_only=True)
class Audio:
    """Whether the sound is kept, and by which option that is chosen."""

    policy: Literal["carried", "switch", "generated", "none", "unknown"]
    """`carried`: kept; `switch`: as an option says; `generated`: made by the model."""
    param: str = ""
    """The option that switches."""
    keep: Any = None
    """Its value that keeps the sound."""
    drop: Any = None
    """Its value that drops the sound; None when there is none."""

    def sentence(self, options: Mapping[str, Any]) -> Text:
        """Say how the sound is treated with these complete options."""
        return _SENTENCES[self._outcome(options)]

    def note(self, options: Mapping[str, Any]) -> Text:
        """Say the same in two or three words."""
        return _NOTES[self._outcome(options)]

    def _outcome(self, options: Mapping[str, Any]) -> str:
        if self.policy != "switch":
            return self.policy
        value = options.get(self.param)
        if self.keep is not None and is_same(value, self.keep):
            return "carried"
        if self.drop is not None and is_same(value, self.drop):
            return "removed"
        return "undecided"


_SENTENCES = {
    "carried": _("The video's sound is kept."),
    "removed": _("The video's sound is removed."),
    "undecided": _("The model decides whether the video's sound is kept."),
    "generated": _("The model makes new sound. The video's own sound is not kept."),
    "none": _("The result has no sound."),
    "unknown": _("It is unknown what happens to the sound."),
}
_NOTES = {
    "carried": _("keeps the sound"),
    "removed": _("removes the sound"),
    "undecided": _("may keep the sound"),
    "generated": _("makes new sound"),
    "none": _("no sound"),
    "unknown": _("sound unknown"),
}
