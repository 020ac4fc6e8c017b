"""What the admin, commands and sites may request: it writes the rows and starts the work."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import IO, TYPE_CHECKING, Any
from uuid import UUID

from django.db.models.fields.files import FieldFile
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from . import endpoints, importing, placeholders
from .clock import local, today
from .conf import conf
from .database import on_commit, retry_conflicts
from .endpoints import Endpoint, Fit, Plan, as_is, get_endpoint, made_by, plan_clip
from .exceptions import InvalidEndpoint, InvalidTransition, Reason, RequestRefused, UnknownEndpoint
from .logs import get_logger
from .models import (
    Chain,
    EndpointFact,
    Remix,
    RemixBatch,
    RemixEvent,
    Video,
    reconciliation,
    refusals,
)
from .recipe import Recipe
from .requesting import PromptedVideo, RemixOrder, no_collections, place, refuse
from .tasks import nudge, queue_collect

if TYPE_CHECKING:
    from django.db.models import Model
    from django.utils.functional import _StrPromise

    from .models.users import User
    from .recipe import Shape

logger = get_logger(__name__)

Kind = RemixEvent.Kind
Part = tuple[Decimal | float, Decimal | float | None]
"""Start and end in seconds; None is the end of the video."""


@retry_conflicts
@no_collections()
def request_remixes(
    videos: Iterable[Video],
    prompts: Iterable[str],
    *,
    by: User | None = None,
    endpoint: str | None = None,
    options: Mapping[str, Any] | None = None,
    batch: RemixBatch | None = None,
    part: Part | None = None,
    fit: bool | Shape = False,
    exceed_budget: bool = False,
) -> list[Remix]:
    """Request every video with every prompt; the work starts when the transaction commits.

    The default `endpoint` is the one in the site's settings, else the first available one that
    accepts all the videos. `part` is the start and end, in seconds, of what is remixed of each
    video. With `fit`, videos that the endpoint does not accept are changed until it does: cut,
    scaled, converted; if it is “crop” or “pad”, also their aspect ratio. Raise `RequestRefused`,
    which names every reason at once, or the budgets that don't have enough left; then nothing is
    written. With `exceed_budget`, budgets don't refuse it: check beforehand whether `by` may do
    that.
    """
    videos, prompts, options = list(videos), list(prompts), options or {}
    refuse(too_many(len(videos) * len(prompts)))
    record = _endpoint(endpoint, videos)
    wish = _wish(part, fit)
    plans = {video: _plan(record, video, wish) for video in videos}
    reasons = [*_problems(record, plans, wish, prompts, options)]
    reasons += _prompt_problems(record, prompts)
    refuse([*reasons, *(() if endpoint or wish else _mixture(record, videos))])
    cells = [PromptedVideo(video, prompt) for video in videos for prompt in prompts]
    values = record.complete(options)
    return place(RemixOrder(record, cells, plans, values, by, batch, exceed_budget))


def add_video(
    file_or_name: IO[bytes] | str,
    *,
    title: str,
    by: User | None = None,
    owned: bool = True,
    approved: bool | None = None,
    source_object: Model | None = None,
    storage: str | None = None,
    read_later: bool = False,
) -> Video:
    """Add a video from an upload, an open file, or the name of a file in a storage.

    An upload or an open file is copied into the storage of the app. A name stays where it is, in
    the storage of the app or in the one with the alias `storage`; so does the value of a
    `FileField` with `owned=False`. The app deletes the file of an `owned` video with its row,
    and never that of another. Length, size, frame rate and thumbnail are read at once, or by a
    worker with `read_later`, which only names can have. `approved=None` approves it if `by` may
    approve videos. `source_object` is the site's object that it belongs to; `Video.source_object`
    returns it.

    Raise `VideoRefused` if it is not a video or not in the storage, and `AlreadyAdded`, whose `pk`
    is that of the other video, if it was added before, or `StorageUnavailable`. Nothing is added
    then.
    """
    if isinstance(file_or_name, str) or (isinstance(file_or_name, FieldFile) and not owned):
        file = importing.stored_file(file_or_name, storage)
        new = importing.NewVideo(file, title, source_object)
        return importing.add_named(
            new, by=by, owned=owned, approved=approved, read_later=read_later
        )
    if read_later or storage is not None:
        message = "Only the name of a file can have “storage” or “read_later”."
        raise TypeError(message)
    with importing.closed_again(file_or_name):
        return importing.add_file(
            file_or_name, title, by=by, owned=owned, approved=approved, source_object=source_object
        )


@retry_conflicts
@no_collections()
def confirm(
    batch: RemixBatch,
    prompts: Iterable[str],
    *,
    by: User | None,
    endpoint: str | None = None,
    options: Mapping[str, Any] | None = None,
    without: Collection[tuple[int, int]] = (),
    only: Collection[int] | None = None,
    fits: Mapping[int, Fit] | None = None,
    exceed_budget: bool = False,
) -> list[Remix]:
    """Request the remixes of a draft, for those of its videos that the endpoint accepts.

    Placeholders in the prompts are replaced for each video. `without` lists remixes to leave out,
    by a video's primary key and a prompt's index; `only` limits the videos, by primary key. `fits`
    says what may be done to a video, by primary key, so that it is accepted; others are taken as
    they are. `exceed_budget` is as in `request_remixes()`. A draft is confirmed once: later calls
    return an empty list. Raise `RequestRefused`; then it remains a draft.
    """
    if not batch.confirm():
        refuse(_deletion(batch))
        return []
    try:
        chosen = list(batch.videos.all()[: conf.SORA_REMIX_MAX_BATCH + 1])
        refuse(too_many(len(chosen)))
        videos = [one for one in chosen if only is None or one.pk in only]
        record = _endpoint(endpoint, videos)
        plans = _accepted(record, videos, fits or {})
        cells = _cells(record, plans, list(prompts), options or {}, without)
        values = record.complete(options or {})
        return place(RemixOrder(record, cells, plans, values, by, batch, exceed_budget))
    except Exception:
        batch.confirmed_at = None  # as in the database, once this is rolled back
        raise


def too_many(many: int) -> list[Reason]:
    """Return the reason why one request can't have so many remixes, if it can't."""
    most = conf.SORA_REMIX_MAX_BATCH
    if many <= most:
        return []
    message = _(
        "You can request at most %(most)d remixes at once. Nothing was sent and "
        "nothing was charged. Choose fewer videos or prompts."
    )
    return [Reason("videos", message % {"most": most})]


@retry_conflicts
def resume_sending(*, by: User | None) -> bool:
    """End a pause of sending early; return False if there was none.

    If fal has refused the site's key or account, one remix is sent at once to try again; the others
    follow when fal accepts it. fal may refuse the next request again: that is not charged, and
    sending waits again.
    """
    pause, hold = Chain.objects.pause(), Chain.objects.hold()
    was_paused = Chain.objects.lift() or _try_account()
    Remix.objects.send_now()
    on_commit(nudge)
    if pause:
        logger.info(
            "%s resumed sending, which was paused until %s: %s", by, pause.until, pause.reason
        )
    if hold:
        logger.info("%s had fal tried again, which refused: %s", by, hold.reason)
    return was_paused


def _try_account() -> bool:
    """Have a held account tried now; without a remix to try it with, the hold just ends."""
    if Remix.objects.filter(status=Remix.Status.QUEUED).exists():
        return Chain.objects.probe_now(afresh=True)
    return Chain.objects.end_hold()


def retry(remix: Remix, *, by: User | None, exceed_budget: bool = False) -> Remix:
    """Request the same remix again as a new one, which is charged again.

    Raise `InvalidTransition` unless it failed or was cancelled and has no retry yet; then retry
    that retry. Raise `RequestRefused` if it can no longer be requested, or if a budget doesn't
    have enough left. `exceed_budget` is as in `request_remixes()`.
    """
    return _again(remix, refusals.retry, Kind.RETRIED, by, exceed_budget)


@retry_conflicts
def _again(
    remix: Remix,
    refusal: Callable[[Remix], _StrPromise | None],
    kind: str,
    by: User | None,
    exceed_budget: bool,
) -> Remix:
    """Request the same as a new remix, once."""
    remix = Remix.objects.select_for_update().get(pk=remix.pk)
    if remix.retries.exists():
        raise InvalidTransition(_("It was already retried."))
    if reason := refusal(remix):
        raise InvalidTransition(reason)
    record = _endpoint(remix.endpoint, [remix.source])
    prompts, options = [remix.prompt], remix.options
    plans = {remix.source: plan_again(record, remix)}
    reasons = _problems(record, plans, None, prompts, options)
    refuse([*reasons, *_prompt_problems(record, prompts)])
    cells = [PromptedVideo(remix.source, remix.prompt, remix.prompt_template)]
    values = record.complete(options)
    order = RemixOrder(record, cells, plans, values, by, remix.batch, exceed_budget, remix)
    [again] = place(order)
    RemixEvent.of(remix.pk, kind, str(again.pk), by).save()
    return again


@retry_conflicts
def cancel(remix: Remix, *, by: User | None) -> None:
    """Cancel a remix free of charge if it has not been sent; otherwise ask fal to stop.

    If fal finishes it anyway, you pay for it and the video is stored. Raise `InvalidTransition`
    if fal or the remix has finished.
    """
    try:
        remix.cancel(by=by)
    except InvalidTransition:
        remix.request_cancellation(by=by)
        on_commit(nudge)


@retry_conflicts
def give_up(remix: Remix, *, by: User | None) -> None:
    """Mark an unconfirmed remix as failed; raise `InvalidTransition` for any other."""
    remix.give_up(by=by)


@retry_conflicts
def enter_request_id(remix: Remix, request_id: str, *, by: User | None) -> None:
    """Settle an unconfirmed remix by the request id that a person found at fal.

    Raise `InvalidTransition` for any other, or if another remix has that id.
    """
    if reason := refusals.enter_request_id(remix):
        raise InvalidTransition(reason)
    if Remix.objects.filter(request_id=request_id).exists():
        raise InvalidTransition(_("Another remix already has this request id."))
    remix.accepted(request_id, Kind.ID_ENTERED, by=by)
    on_commit(nudge)


def send_again(remix: Remix, *, by: User | None, exceed_budget: bool = False) -> Remix:
    """Request an unconfirmed remix again as a new one; fal may charge for both.

    Raise `InvalidTransition` unless it is unconfirmed and was not sent again yet. Raise
    `RequestRefused` if it can no longer be requested, or if a budget doesn't have enough left.
    `exceed_budget` is as in `request_remixes()`.
    """
    return _again(remix, refusals.send_again, Kind.SENT_AGAIN, by, exceed_budget)


@retry_conflicts
def webhook_received(key: UUID, request_id: str) -> None:
    """Record that fal has finished the remix with this `key` under this request id.

    Webhooks may come several times and in any order. Raise `Remix.DoesNotExist`.
    """
    reconciliation.webhook_received(Remix.objects.get(key=key), request_id)
    on_commit(nudge)


@retry_conflicts
def collect_again(remix: Remix, *, by: User | None) -> None:
    """Collect the result of a failed remix again, free of charge.

    Raise `InvalidTransition` unless it failed after fal had accepted it.
    """
    remix.reopen(by=by)
    on_commit(lambda: queue_collect(remix.pk))


def _deletion(batch: RemixBatch) -> Iterator[Reason]:
    if not RemixBatch.objects.filter(pk=batch.pk).exists():
        message = _(
            "This draft was deleted in the meantime. Nothing was requested and nothing is charged. "
            "Select the videos again."
        )
        yield Reason("videos", message)


def _accepted(
    record: Endpoint, videos: Iterable[Video], fits: Mapping[int, Fit]
) -> dict[Video, Plan]:
    """Plan the videos that are accepted, with what may be done to them."""
    plans = {}
    for video in videos:
        fit = fits.get(video.pk)
        plan = _plan(record, video, fit)
        if not (plan.problem(fit) if fit else plan.refusal):
            plans[video] = plan
    return plans


def _cells(
    record: Endpoint,
    plans: Mapping[Video, Plan],
    prompts: Sequence[str],
    options: Mapping[str, Any],
    without: Collection[tuple[int, int]],
) -> list[PromptedVideo]:
    """Return what a draft requests; raise `RequestRefused`."""
    videos = [*plans]
    refuse(too_many(len(videos) * len(prompts) - len(without)))
    cells = placeholders.cells(videos, prompts, without)
    reasons = _problems(record, plans, None, prompts, options)
    if videos and prompts and not cells:
        reasons.append(Reason("videos", _("All remixes are unticked. Tick at least one.")))
    lengths = {video.pk: plan.clip.duration for video, plan in plans.items()}
    found = placeholders.problems(record, prompts, cells, lengths)
    refuse([*reasons, *(Reason("prompts", problem) for _index, problem in found)])
    return [_filled(video, prompts[index], lengths) for video, index in cells]


def _filled(video: Video, template: str, lengths: placeholders.Lengths) -> PromptedVideo:
    prompt = placeholders.fill(template, video, lengths)
    return PromptedVideo(video, prompt, "" if prompt == template else template)


def default_endpoint(videos: Sequence[Video]) -> Endpoint:
    """Return the endpoint for these videos if a request names none.

    Raise `UnknownEndpoint`, `InvalidEndpoint`.
    """
    return endpoints.default_endpoint(videos, EndpointFact.objects.retired(), today())


def _endpoint(key: str | None, videos: Sequence[Video]) -> Endpoint:
    try:
        return get_endpoint(key) if key else default_endpoint(videos)
    except (UnknownEndpoint, InvalidEndpoint) as error:
        raise RequestRefused([Reason("endpoint", error.message)]) from error


def _wish(part: Part | None, fit: bool | Shape) -> Fit | None:
    """Return what is to be done to the videos; None to take them as they are."""
    if part is None and not fit:
        return None
    shape = fit if isinstance(fit, str) else ""
    if part is None:
        return Fit(shape=shape, is_agreed=bool(fit))
    start, end = part
    ends = _seconds(start), None if end is None else _seconds(end)
    return Fit(part=ends, shape=shape, is_agreed=bool(fit))


def _seconds(value: Decimal | float) -> Decimal:
    return Decimal(str(value)).quantize(Decimal("0.001"))


def _plan(record: Endpoint, video: Video, wish: Fit | None) -> Plan:
    return plan_clip(record.source, video, wish) if wish else as_is(record.source, video)


def plan_again(record: Endpoint, remix: Remix) -> Plan:
    """Plan what a remix was made from, so that the same clip is used or made again."""
    if not remix.recipe:
        return as_is(record.source, remix.source)
    recipe = Recipe.from_text(remix.recipe)
    is_made = remix.clip is not None and bool(remix.clip.file)
    clip = remix.clip if is_made and remix.clip else made_by(recipe, remix.source)
    return Plan(recipe=recipe, clip=clip, refusal=record.refusal(clip))


def _problems(
    record: Endpoint,
    plans: Mapping[Video, Plan],
    wish: Fit | None,
    prompts: Sequence[str],
    options: Mapping[str, Any],
) -> list[Reason]:
    """List everything that is wrong except the texts of the prompts."""
    reasons = [*_retirement(record), *record.option_problems(options)]
    if not plans:
        reasons.append(Reason("videos", _("There is no video to remix.")))
    for video, plan in plans.items():
        if refusal := plan.problem(wish) if wish else plan.refusal:
            message = _("“%(title)s”: %(reason)s") % {"title": video.title, "reason": refusal}
            reasons.append(Reason("videos", message))
    if not prompts:
        reasons.append(Reason("prompts", _("Enter a prompt.")))
    return reasons


def _mixture(record: Endpoint, videos: Sequence[Video]) -> Iterator[Reason]:
    """Explain that no single endpoint accepts all of these videos, if that is so."""
    refused = [video for video in videos if record.refusal(video)]
    if not refused or len(refused) == len(videos):
        return
    others = endpoints.choosable(EndpointFact.objects.retired(), today())
    if any(not one.refusal(video) for one in others for video in refused):
        message = _(
            "“%(endpoint)s” accepts only some of these videos. Request the others "
            "separately with another model."
        )
        yield Reason("endpoint", message % {"endpoint": record.label})


def _prompt_problems(record: Endpoint, prompts: Iterable[str]) -> Iterator[Reason]:
    """List what is wrong with prompts that are sent as they are."""
    for prompt in prompts:
        if problem := record.prompt_problem(prompt):
            yield Reason("prompts", problem)


def _retirement(record: Endpoint) -> Iterator[Reason]:
    """Refuse an endpoint that fal reported as retired; a date in its record only warns."""
    if since := EndpointFact.objects.retired().get(record.endpoint_id):
        message = _("fal reported on %(day)s that it no longer offers “%(endpoint)s”.")
        day = date_format(local(since), "SHORT_DATE_FORMAT")
        yield Reason("endpoint", message % {"day": day, "endpoint": record.label})
