"""Videos of the selection that the chosen endpoint can't take, and what to do about them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext, ngettext

from ...models import Video
from .endpoints import EndpointChoice, EndpointChoices
from .quote import Quote, QuoteLine

MOST_LISTED = 12
"""More are on the pages of the table."""
MOST_REASONS = 2


@dataclass(frozen=True)
class LeftOutVideo:
    """A video that is left out."""

    line: QuoteLine
    advice: str


class LeftOut:
    """The videos that are left out, listed as far as they fit on the page."""

    def __init__(self, quote: Quote, endpoints: EndpointChoices, videos: Sequence[Video]) -> None:
        self._endpoints = endpoints
        self.count = len(quote.refused)
        index = {video.pk: at for at, video in enumerate(videos)}
        shown = quote.refused[:MOST_LISTED]
        self.videos = [LeftOutVideo(line, self._advice(line, index)) for line in shown]
        self.more = quote.refused[MOST_LISTED:]
        self._refusals = quote.refusals

    @property
    def heading(self) -> str:
        message = ngettext("%(many)d video left out", "%(many)d videos left out", self.count)
        return message % {"many": self.count}

    @property
    def summary(self) -> str:
        """Say why in one line."""
        if self.count == 1:
            [(reason, _count)] = self._refusals
            message = gettext("“%(title)s”: %(reason)s")
            return message % {"title": self.videos[0].line.video.title, "reason": reason}
        shown = self._refusals[:MOST_REASONS]
        said = [gettext("%(many)d × %(reason)s") % {"many": n, "reason": one} for one, n in shown]
        return " ".join([*said, *(["…"] if len(self._refusals) > MOST_REASONS else [])])

    def _advice(self, line: QuoteLine, index: Mapping[int, int]) -> str:
        if line.plan.needs_shape:
            return gettext("Choose below whether to crop or to pad it.")
        if not line.plan.refusal:
            return gettext("Allow visible changes below, or choose a part.")
        at = index[line.video.pk]
        if able := [one for one in self._endpoints.available if not one.planned[at].refusal]:
            return _advice_to_choose(able)
        return gettext("No model takes it. Upload another version of this video.")


def _advice_to_choose(able: Sequence[EndpointChoice]) -> str:
    message = ngettext(
        "%(model)s takes it.", "%(model)s and %(many)d more models take it.", len(able)
    )
    if len(able) == 2:
        message = gettext("%(model)s and %(other)s take it.")
        return message % {"model": able[0].endpoint, "other": able[1].endpoint}
    return message % {"model": able[0].endpoint, "many": len(able) - 1}
