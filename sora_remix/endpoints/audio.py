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
        if self.policy != "switch":
            return _SENTENCES[self.policy]
        value = options.get(self.param)
        if self.keep is not None and is_same(value, self.keep):
            return _SENTENCES["carried"]
        if self.drop is not None and is_same(value, self.drop):
            return _("The video's sound is removed.")
        return _("The endpoint decides whether the video's sound is kept.")


_SENTENCES = {
    "carried": _("The video's sound is kept."),
    "generated": _("The model makes new sound. The video's own sound is not kept."),
    "none": _("The result has no sound."),
    "unknown": _("It is unknown what happens to the sound."),
}
