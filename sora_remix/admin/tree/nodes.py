"""The videos and remixes of a family as nodes of a tree, and what the page says about each."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from ...endpoints import Endpoint, all_endpoints, fitting_refusal
from ...exceptions import SoraRemixError
from ...models import Remix, Video
from ..formatting import clips, html, money, outcomes, text
from ..links import Links
from .shape import Shape

MOST = 1000
"""Nodes on one page."""
NOT_SHOWN = ("arguments", "price", "progress_log", "options")


@dataclass(frozen=True)
class TreeNode:
    """A video, or a remix without a result."""

    key: str
    row: Video | Remix
    remix: Remix | None
    """The remix that made the video, or the one without a result."""
    endpoint: str
    has_details: bool
    """The user may see the model and state of the remix."""
    has_cost: bool
    """The user may see costs."""
    is_current: bool
    is_remixable: bool
    has_source: bool
    """The user may see what the video was made from."""
    links: Links

    @property
    def video(self) -> Video | None:
        return self.row if isinstance(self.row, Video) else None

    @property
    def url(self) -> str:
        return self.links.change_url(self.row)

    @property
    def name(self) -> str:
        return str(self.row)

    @property
    def picture(self) -> SafeString | str:
        return html.thumbnail(self.video, self.links) if self.video else ""

    @property
    def approval(self) -> SafeString | str:
        return html.decided(self.video) if self.video else ""

    @property
    def compare_url(self) -> str:
        """Return the URL of the comparison of the video with its source."""
        if not (self.video and self.remix and self.video.file and self.has_source):
            return ""
        return self.links.compare_url(Video(pk=self.remix.source_id), self.video)

    @property
    def prompt(self) -> str:
        """Return the prompt, unless the title of the video has all of it."""
        prompt = self.remix.prompt if self.remix else ""
        return "" if prompt in self.name else text.shortened(prompt)

    @property
    def part(self) -> str:
        """Name the part of the source that it was made from; empty for all of it."""
        return clips.part(self.remix.recipe) if self.remix and self.has_source else ""

    @property
    def status(self) -> str:
        """Return the status of the remix, if the user may see it."""
        return self.remix.status if self.remix and self.has_details else ""

    @property
    def state(self) -> str:
        """Name the state of the remix, or the origin of a video that wasn't made by one."""
        if self.status and self.remix:
            is_lost = self.status == Remix.Status.SUCCEEDED and not self.video
            return gettext("result deleted") if is_lost else self.remix.get_status_display()
        if self.remix or not self.video:
            return gettext("remix")
        return gettext("Sora generation") if self.video.sora_id else gettext("uploaded")

    @property
    def cost(self) -> str:
        return money.cost(self.remix) if self.has_cost and self.status and self.remix else ""

    @property
    def explanation(self) -> str:
        return outcomes.explain(self.remix) if self.status and self.remix else ""

    @property
    def remix_url(self) -> str:
        """Return the URL of the remix that made the video."""
        is_told = self.status and self.video and self.remix
        return self.links.change_url(self.remix) if is_told and self.remix else ""


class Family:
    """All videos and remixes that come from the same source, read in a fixed number of queries."""

    def __init__(
        self,
        video: Video,
        videos: QuerySet[Video],
        remixes: QuerySet[Remix] | None,
        links: Links,
        endpoints: Sequence[Endpoint] = (),
        *,
        has_costs: bool,
    ) -> None:
        """Read the family of a video from the rows that the user may see.

        Without `remixes`, only their prompts are shown. A video can be remixed if one of the
        endpoints takes it, as it is or fitted.
        """
        self.current = str(video.pk)
        self.has_details = remixes is not None
        self._has_costs = has_costs
        self._rows = videos, remixes
        self._endpoints = endpoints
        self._links = links
        self._members = family_of(video)
        whole = Shape(dict(self._parents()))
        self.many = len(whole)
        self._seen = whole.parents.keys()
        near = whole if self.many <= MOST else whole.nearest(self.current, MOST)
        self.nodes = self._read(near.parents)
        self.shape = near.only(self.nodes)
        """Without rows that were deleted while they were read."""

    def source(self, key: str) -> TreeNode | None:
        """Return what a node was made from, if it is in the tree."""
        parent = self.shape.parents[key]
        return self.nodes[parent] if parent else None

    def _read(self, keys: Collection[str]) -> dict[str, TreeNode]:
        rows: dict[str, Video | Remix] = {
            **{str(video.pk): video for video in self._videos(keys)},
            **{_key(remix.pk): remix for remix in self._remixes(keys)},
        }
        labels = _labels()
        return {key: self._node(key, rows[key], labels) for key in keys if key in rows}

    def _node(self, key: str, row: Video | Remix, labels: Mapping[str, str]) -> TreeNode:
        remix = getattr(row, "remix", None) if isinstance(row, Video) else row
        return TreeNode(
            key=key,
            row=row,
            remix=remix,
            endpoint=labels.get(remix.endpoint, remix.endpoint) if remix else "",
            has_details=self.has_details and getattr(row, "_is_told", True),
            has_cost=self._has_costs,
            is_current=key == self.current,
            is_remixable=isinstance(row, Video)
            and any(not fitting_refusal(endpoint.source, row) for endpoint in self._endpoints),
            has_source=remix is not None and str(remix.source_id) in self._seen,
            links=self._links,
        )

    def _parents(self) -> list[tuple[str, str | None]]:
        """Return each node with its parent, in the order in which they were requested."""
        videos, remixes = self._rows
        made = videos.filter(pk__in=self._members).order_by("pk")
        found = [
            (remix or 0, str(pk), source)
            for pk, remix, source in made.values_list("pk", "remix__pk", "remix__source_id")
        ]
        if remixes is not None:
            waiting = remixes.filter(source__in=self._members, result=None).order_by("pk")
            found += [(pk, _key(pk), source) for pk, source in waiting.values_list("pk", "source")]
        found.sort(key=lambda one: one[0])
        return [(key, str(source) if source else None) for _, key, source in found]

    def _videos(self, keys: Collection[str]) -> QuerySet[Video]:
        rows = self._rows[0].filter(pk__in=[key for key in keys if key.isdecimal()])
        if (remixes := self._rows[1]) is not None:
            rows = rows.annotate(_is_told=Exists(remixes.filter(result=OuterRef("pk"))))
        return rows.select_related("remix").defer(*(f"remix__{name}" for name in NOT_SHOWN))

    def _remixes(self, keys: Collection[str]) -> Collection[Remix]:
        if (remixes := self._rows[1]) is None:
            return ()
        pks = [int(key[1:]) for key in keys if not key.isdecimal()]
        return remixes.filter(pk__in=pks).defer(*NOT_SHOWN)


def family_of(video: Video) -> QuerySet[Video, Any]:
    """Return a subquery for the primary keys of a family."""
    return Video.objects.family_of(video).order_by().values("pk")


def _key(remix: int) -> str:
    """Return a key that no video has."""
    return f"r{remix}"


def _labels() -> dict[str, str]:
    """Return the names of the endpoints, or nothing while a record is invalid."""
    try:
        return {key: str(endpoint) for key, endpoint in all_endpoints().items()}
    except SoraRemixError:
        return {}
