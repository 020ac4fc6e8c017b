"""The results of a batch: a row for each video, a column for each prompt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from django.core.paginator import Page, Paginator
from django.db.models import Min, QuerySet
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from ...models import Remix, Video
from ..actions.buttons import allowed_in
from ..compare import views as compare
from ..formatting import html, options, outcomes, text
from ..links import Links
from ..progress import status

FURTHER = "further"
COMPARE = "compare"
"""What can be done to selected cells beside the actions on remixes."""
PER_PAGE = 50
"""Videos on one page."""
MOST_CELLS = 900
"""Cells on one page: each is a form field, and Django accepts 1,000 of them."""
PROMPT_SHOWN = 60
PROMPT_OPENED = 2000
"""Characters of an expanded prompt; the page of each remix shows all of it."""
NOT_SHOWN = ("arguments", "price", "prompt", "prompt_template")


@dataclass(frozen=True)
class ResultColumn:
    """One prompt of the batch, as it was entered."""

    number: int
    prompt: str
    digest: str

    @property
    def short(self) -> str:
        return Truncator(self.prompt).chars(PROMPT_SHOWN)

    @property
    def is_cut(self) -> bool:
        return self.short != self.prompt

    @property
    def opened(self) -> str:
        return Truncator(self.prompt).chars(PROMPT_OPENED)

    @property
    def label(self) -> str:
        return gettext("Select all with this prompt: %(prompt)s") % {"prompt": self.short}


@dataclass(frozen=True)
class ResultCell:
    """The remixes of one video by one prompt: the last one counts, earlier ones were retried."""

    column: ResultColumn
    remixes: Sequence[Remix]
    links: Links

    @property
    def remix(self) -> Remix | None:
        return self.remixes[-1] if self.remixes else None

    @property
    def allows(self) -> str:
        """Name what the state of the remix allows; a script marks the buttons by it."""
        remix = self.remixes[-1]
        return " ".join([*allowed_in(remix), *((FURTHER, COMPARE) if remix.result_id else ())])

    @property
    def label(self) -> str:
        """Name the checkbox of this cell for screen readers."""
        values = {"remix": self.remix, "video": self.remixes[-1].source}
        return gettext("Select %(remix)s: %(video)s") % values

    @property
    def content(self) -> SafeString:
        """Show the picture of the result, or the progress; both link to the remix."""
        remix = self.remixes[-1]
        if not (result := remix.result):
            return format_html(
                "{} {}", self.links.change_link(remix, str(remix)), status.state(remix)
            )
        has_picture = bool(result.thumbnail)
        picture = (
            html.thumbnail(result, self.links, result.title) if has_picture else gettext("video")
        )
        return format_html(
            '<div data-remix="{}" data-status="{}">{} {} <span>{}</span></div>',
            remix.pk,
            remix.status,
            self.links.change_link(remix, picture),
            html.decided(result),
            outcomes.explain(remix),
        )

    @property
    def comparison(self) -> SafeString | str:
        """Link to the comparison of the result with its source."""
        if not (url := compare.with_source(self.remix, self.links)):
            return ""
        remix = html.hidden(str(self.remix))
        return format_html('<a href="{}">{} {}</a>', url, gettext("Compare"), remix)

    @property
    def further(self) -> Video | None:
        """Return the result if a model could take it."""
        result = self.remixes[-1].result
        return result if result and (result.file or result.sora_id) else None

    @property
    def others(self) -> SafeString | str:
        """Link to the earlier remixes."""
        if not (earlier := self.remixes[:-1]):
            return ""
        pks = ",".join(str(remix.pk) for remix in earlier)
        text = gettext("%(many)d earlier") % {"many": len(earlier)}
        return self.links.changelist_link(text, Remix, id__in=pks)


@dataclass(frozen=True)
class ResultRow:
    """One video of the batch with a cell for each prompt."""

    video: Video
    cells: Sequence[ResultCell] = field(default_factory=list)

    @property
    def label(self) -> str:
        return gettext("Select all from this video: %(video)s") % {"video": self.video}


class ResultGrid:
    """One page of the results of a batch; 1,000 remixes take as many queries as 10."""

    def __init__(self, remixes: QuerySet[Remix], links: Links, page: str | None = None) -> None:
        """Show these remixes of a batch."""
        self.links = links
        self._remixes = remixes.prefetch_related(None)
        self._asked = page

    @cached_property
    def columns(self) -> list[ResultColumn]:
        digests = self._remixes.order_by().values("prompt_digest")
        first = digests.annotate(first=Min("pk")).values("first")
        rows = Remix.objects.filter(pk__in=first).order_by("pk")[:MOST_CELLS]
        found = rows.values_list("prompt_digest", "prompt_template", "prompt")
        return [
            ResultColumn(number, template or prompt, digest)
            for number, (digest, template, prompt) in enumerate(found, 1)
        ]

    @cached_property
    def left_out(self) -> int:
        """Number of prompts that are not shown."""
        if len(self.columns) < MOST_CELLS:
            return 0
        digests = self._remixes.order_by().values("prompt_digest").distinct()
        return digests.count() - len(self.columns)

    @cached_property
    def page(self) -> Page[Video]:
        sources = self._remixes.order_by().values("source")
        videos = Video.objects.filter(pk__in=sources).order_by("pk")
        rows = min(PER_PAGE, MOST_CELLS // max(1, len(self.columns)))
        return Paginator(videos, rows).get_page(self._asked)

    @property
    def requested(self) -> list[tuple[str, str]]:
        """Return each model with its options among the newest remixes that are shown."""
        shown = (cell.remix for row in self.rows for cell in row.cells if cell.remix)
        different = {(remix.endpoint, repr(remix.options)): remix for remix in shown}
        return [
            (text.endpoint_name(remix), options.in_words(remix)) for remix in different.values()
        ]

    @cached_property
    def rows(self) -> list[ResultRow]:
        videos = {video.pk: video for video in self.page}
        found: dict[tuple[int, str], list[Remix]] = {}
        shown = self._remixes.filter(source__in=list(videos)).order_by("pk")
        for remix in shown.select_related("result", "clip").defer(*NOT_SHOWN):
            remix.source = videos[remix.source_id]
            found.setdefault((remix.source_id, remix.prompt_digest), []).append(remix)
        return [
            ResultRow(
                video,
                [
                    ResultCell(column, found.get((video.pk, column.digest), ()), self.links)
                    for column in self.columns
                ],
            )
            for video in videos.values()
        ]
