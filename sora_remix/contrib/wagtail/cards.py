"""What a card of a video shows in Wagtail."""

from __future__ import annotations

from dataclasses import dataclass

from ...admin.formatting import text
from ...models import Video


@dataclass(frozen=True)
class PictureCard:
    """A video by its picture."""

    video: Video
    url: str
    """Where the picture leads to."""

    @property
    def picture(self) -> str:
        """Return the URL of its thumbnail; empty if it has none."""
        return self.video.thumbnail.url if self.video.thumbnail else ""

    @property
    def length(self) -> str:
        """Return its length as players show it; empty if it is unknown."""
        return text.play_time(self.video.duration)


@dataclass(frozen=True)
class ListCard(PictureCard):
    """A video in the list."""

    remixes: str
    """How many remixes made from it are in which state; empty without any."""
    why_not: str
    """Why it can't be remixed; empty if it can."""
