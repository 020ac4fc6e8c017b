"""Writes the remixes that were asked for, with all that belongs to them, or none of it."""

from __future__ import annotations

import gc
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.db import DataError
from django.utils.translation import gettext_lazy as _

from . import engine
from .database import atomic, insert, key_parts, on_commit
from .dollars import exact_dollars
from .endpoints import Endpoint, Plan
from .exceptions import Reason, RequestRefused
from .models import (
    Budget,
    BudgetLeft,
    FittedClip,
    Remix,
    RemixBatch,
    RemixEvent,
    Reservation,
    SourceCopy,
    Video,
)
from .tasks import nudge

if TYPE_CHECKING:
    from .models.users import User

Kind = RemixEvent.Kind


class PromptedVideo(NamedTuple):
    """A video and the prompt to remix it with."""

    video: Video
    prompt: str
    template: str = ""
    """The prompt as typed, if it had placeholders."""


class Needs(NamedTuple):
    """What each remix of one video needs, and costs."""

    recipe: str
    files: Collection[str]
    """In the storage, of which fal needs a copy."""
    cost: Decimal | None
    most: Decimal | None
    """The same where it is known, else the largest possible cost."""


@dataclass(frozen=True)
class RemixOrder:
    """What is requested, all of which was checked before."""

    record: Endpoint
    cells: Sequence[PromptedVideo]
    plans: Mapping[Video, Plan]
    """For each video in `cells`."""

    options: Mapping[str, Any]
    """With the defaults of those that were not chosen."""

    by: User | None
    batch: RemixBatch | None
    exceed_budget: bool
    retry_of: Remix | None = None

    def needs(self) -> dict[Video, Needs]:
        """Return what is needed for each video."""
        videos = dict.fromkeys(cell.video for cell in self.cells)
        return {video: _needs(self, video) for video in videos}

    def remixes(self, needs: Mapping[Video, Needs]) -> list[Remix]:
        """Return a remix for each cell, not written yet."""
        price = self.record.price.figures(self.options)
        return [
            Remix(
                source=cell.video,
                recipe=(need := needs[cell.video]).recipe,
                prompt=cell.prompt,
                prompt_template=cell.template,
                endpoint=self.record.key,
                endpoint_id=self.record.endpoint_id,
                options=self.options,
                estimated_cost=need.cost,
                reserved_cost=need.most,
                counted_cost=need.most or Decimal(0),
                price=price,
                is_ready=not (need.files or need.recipe),
                requested_by_id=self.by.pk if self.by else None,
                batch=self.batch,
                retry_of=self.retry_of,
            )
            for cell in self.cells
        ]


@contextmanager
def no_collections() -> Iterator[None]:
    """Keep Python from looking for garbage meanwhile; also works as a decorator.

    Thousands of rows, none of them garbage, would make it look again and again: that took half of
    the time.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def refuse(reasons: Iterable[Reason]) -> None:
    """Raise `RequestRefused` if there is any reason, naming each once."""
    if once := list(dict.fromkeys(reasons)):
        raise RequestRefused(once)


def place(order: RemixOrder) -> list[Remix]:
    """Write the remixes of an order, and nudge the workers; raise `RequestRefused`."""
    needs = order.needs()
    remixes = order.remixes(needs)
    try:
        _write(order, remixes, {name for need in needs.values() for name in need.files})
    except DataError as error:
        # MySQL's old character set has no emoji, and PostgreSQL's text no NUL.
        message = _("This site's database can't store this text: remove emoji and rare characters.")
        raise RequestRefused([Reason("prompts", message)]) from error
    return remixes


def _needs(order: RemixOrder, video: Video) -> Needs:
    record, plan = order.record, order.plans[video]
    # The file of a fitted clip has no name before it is made.
    name = video.stored_file().key
    files = set() if plan.recipe_text else engine.files_to_copy(record, name, order.options)
    cost = record.estimate(plan.clip, order.options)
    most = record.most_cost(plan.clip, order.options) if cost is None else cost
    return Needs(plan.recipe_text, files, cost, most)


@atomic()
def _write(order: RemixOrder, remixes: Sequence[Remix], files: Collection[str]) -> None:
    """Write the rows with their history, request their files, and nudge the workers."""
    _hold({remix.source for remix in remixes})
    reservation = _reserve(remixes, order.by)
    _request_clips(remixes)
    SourceCopy.objects.request(files)
    Remix.objects.create_all(remixes)
    _note(remixes, Kind.REQUESTED, str(order.retry_of.pk) if order.retry_of else "", order.by)
    total = sum((remix.counted_cost for remix in remixes), Decimal(0))
    if short := reservation.count(total, exceed=order.exceed_budget):
        if not order.exceed_budget:
            raise RequestRefused([_over_budget(one, total) for one in short])
        _note(remixes, Kind.EXCEEDED, f"{max(total - one.left for one in short):f}", order.by)
    on_commit(nudge)


def _reserve(remixes: Sequence[Remix], by: User | None) -> Reservation:
    """Start the reservation of these remixes, before they are written."""
    budgets = Budget.objects.lock_applying_to(by)
    if budgets:
        refuse(_unknown_costs(remixes, budgets[0]))
    reservation = Reservation.objects.start(by, budgets)
    for remix in remixes:
        remix.reservation = reservation
    return reservation


def _unknown_costs(remixes: Iterable[Remix], budget: Budget) -> Iterator[Reason]:
    """Refuse remixes that may cost any amount while there is a budget."""
    for video in dict.fromkeys(one.source for one in remixes if one.reserved_cost is None):
        message = _(
            "“%(title)s”: its cost is unknown and has no limit, but there is a budget: %(budget)s. "
            "Nothing was sent and nothing was charged. Choose another model, or a video whose "
            "length is known."
        )
        yield Reason("budget", message % {"title": video.title, "budget": budget})


def _over_budget(left: BudgetLeft, needed: Decimal) -> Reason:
    message = _(
        "This may cost %(needed)s, but only %(left)s is left of this budget: %(budget)s. Nothing "
        "was sent and nothing was charged. %(renewal)s"
    )
    values = {"needed": exact_dollars(needed), "left": exact_dollars(left.left)}
    return Reason("budget", message % {**values, "budget": left.budget, "renewal": left.renewal})


def _note(remixes: Iterable[Remix], kind: str, detail: str, by: User | None) -> None:
    """Write the same entry into the history of each."""
    events = (RemixEvent.of(remix.pk, kind, detail, by) for remix in remixes)
    insert(RemixEvent.objects.all(), events)


def _request_clips(remixes: Sequence[Remix]) -> None:
    """Have the clips made that these remixes need, each once."""
    fitted = [remix for remix in remixes if remix.recipe]
    clips = FittedClip.objects.request({remix.clip_key for remix in fitted}) if fitted else {}
    for remix in fitted:
        remix.clip = clips[remix.clip_key]


def _hold(videos: Collection[Video]) -> None:
    """Keep the files of these videos until the remixes are written; refuse cleared videos."""
    pks = sorted(video.pk for video in videos if video.cleared_at is None)
    if sum(Video.objects.filter(pk__in=part).hold() for part in key_parts(pks)) < len(pks):
        message = _(
            "A selected video was deleted or its files were cleared in the meantime. Nothing was "
            "requested and nothing is charged. Reload the page, then try again."
        )
        raise RequestRefused([Reason("videos", message)])
