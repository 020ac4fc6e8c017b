"""What may be asked for: rows, money, and the nudge that starts the work."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db import transaction
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from . import engine
from .conf import conf
from .endpoints import Endpoint, get_endpoint
from .exceptions import InvalidEndpoint, InvalidTransition, Reason, RequestRefused, UnknownEndpoint
from .models import Delivery, EndpointFact, Remix, RemixBatch, RemixEvent, Video
from .tasks import nudge, queue_collect

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
    from django.utils.functional import _StrPromise

    User = AbstractBaseUser | AnonymousUser

Kind = RemixEvent.Kind


def request_remixes(
    videos: Iterable[Video],
    prompts: Iterable[str],
    *,
    by: User | None = None,
    endpoint: str | None = None,
    options: Mapping[str, Any] | None = None,
    batch: RemixBatch | None = None,
) -> list[Remix]:
    """Ask for every video with every prompt; the work starts when the transaction commits.

    Raise `RequestRefused`, which names every reason at once, and write nothing then.
    """
    return _request(videos, prompts, by=by, endpoint=endpoint, options=options, batch=batch)


@transaction.atomic
def confirm(
    batch: RemixBatch,
    prompts: Iterable[str],
    *,
    by: User | None,
    endpoint: str | None = None,
    options: Mapping[str, Any] | None = None,
) -> list[Remix]:
    """Make the remixes of a draft, for those of its videos that the endpoint can take.

    However often and wherever it is confirmed, the remixes are made once; who comes later gets
    an empty list. Raise `RequestRefused`; the draft stays one then.
    """
    if not batch.confirm():
        return []
    try:
        record = _endpoint(endpoint)
        videos = [video for video in batch.videos.all() if not record.refusal(video)]
        return _request(videos, prompts, by=by, endpoint=endpoint, options=options, batch=batch)
    except RequestRefused:
        batch.confirmed_at = None  # as in the database, once this is rolled back
        raise


def retry(remix: Remix, *, by: User | None) -> Remix:
    """Ask for the same remix once more: a new one, and a new charge.

    Raise `InvalidTransition` unless it failed or was cancelled and was not retried yet: what is
    retried next is the retry. Raise `RequestRefused` when it can't be made any more.
    """
    over = (Remix.Status.FAILED, Remix.Status.CANCELLED)
    refusal = _("Only a remix that failed or was cancelled can be retried.")
    return _again(remix, over, refusal, Kind.RETRIED, by)


@transaction.atomic
def _again(
    remix: Remix,
    statuses: Sequence[str],
    refusal: str | _StrPromise,
    kind: str,
    by: User | None,
) -> Remix:
    """Ask for the same by a new remix, once, if it is in one of these states."""
    remix = Remix.objects.select_for_update(of=("self",)).get(pk=remix.pk)
    if remix.retries.exists():
        raise InvalidTransition(_("It was retried already."))
    if remix.status not in statuses:
        raise InvalidTransition(refusal)
    [again] = _request(
        [remix.source],
        [remix.prompt],
        by=by,
        endpoint=remix.endpoint,
        options=remix.options,
        batch=remix.batch,
        retry_of=remix,
    )
    RemixEvent.of(remix.pk, kind, str(again.pk), by).save()
    return again


def cancel(remix: Remix, *, by: User | None) -> None:
    """Cancel a remix: for good and free of charge before it is sent, afterwards as a wish.

    What fal has it is asked to stop; a video that it makes all the same is paid for, and is
    collected. Raise `InvalidTransition` when the remix is over or its video is made already.
    """
    try:
        remix.cancel(by=by)
    except InvalidTransition:
        remix.wish_to_cancel(by=by)
        transaction.on_commit(nudge, robust=True)


def give_up(remix: Remix, *, by: User | None) -> None:
    """Settle an unconfirmed remix as failed; raise `InvalidTransition` for any other."""
    remix.give_up(by=by)


def enter_request_id(remix: Remix, request_id: str, *, by: User | None) -> None:
    """Settle an unconfirmed remix by the id under which a person found it at fal.

    Raise `InvalidTransition` for any other, or when another remix has that id.
    """
    if remix.status != Remix.Status.UNCONFIRMED:
        raise InvalidTransition(_("Only an unconfirmed remix can be given a request id."))
    if Remix.objects.filter(request_id=request_id).exists():
        raise InvalidTransition(_("Another remix has this request id."))
    remix.accepted(request_id, Kind.ID_ENTERED, by=by)
    transaction.on_commit(nudge, robust=True)


def send_again(remix: Remix, *, by: User | None) -> Remix:
    """Ask for an unconfirmed remix once more, by a new one: fal may charge for both.

    Raise `InvalidTransition` unless it is unconfirmed and was not sent again yet.
    """
    refusal = _("Only an unconfirmed remix can be sent again.")
    return _again(remix, (Remix.Status.UNCONFIRMED,), refusal, Kind.SENT_AGAIN, by)


def ring(key: UUID, request_id: str) -> None:
    """Take note that fal has the remix with this key of ours, and is done with it.

    However often fal rings, and in whatever order. Raise `Remix.DoesNotExist`.
    """
    remix = Remix.objects.get(key=key)
    remix.rang(request_id)
    transaction.on_commit(nudge, robust=True)


def collect_again(remix: Remix, *, by: User | None) -> None:
    """Look for the result of a failed remix once more, which never buys anything.

    Raise `InvalidTransition` unless it failed after fal had accepted it.
    """
    remix.reopen(by=by)
    transaction.on_commit(lambda: queue_collect(remix.pk), robust=True)


def _request(
    videos: Iterable[Video],
    prompts: Iterable[str],
    *,
    by: User | None,
    endpoint: str | None,
    options: Mapping[str, Any] | None,
    batch: RemixBatch | None,
    retry_of: Remix | None = None,
) -> list[Remix]:
    record = _endpoint(endpoint)
    videos, prompts = list(videos), list(prompts)
    if reasons := _problems(record, videos, prompts, options or {}):
        raise RequestRefused(reasons)
    chosen = record.complete(options or {})
    price = record.price.figures(chosen)
    uploads = {video: engine.uploads(record, video, chosen) for video in videos}
    remixes = [
        Remix(
            source=video,
            prompt=prompt,
            endpoint=record.key,
            endpoint_id=record.endpoint_id,
            options=chosen,
            estimated_cost=record.estimate(video, chosen),
            price=price,
            is_ready=not uploads[video],
            requested_by_id=by.pk if by else None,
            batch=batch,
            retry_of=retry_of,
        )
        for video in videos
        for prompt in prompts
    ]
    with transaction.atomic():
        Delivery.objects.order({name for names in uploads.values() for name in names})
        Remix.objects.bulk_create(remixes, batch_size=500)
        again = str(retry_of.pk) if retry_of else ""
        RemixEvent.objects.bulk_create(
            (RemixEvent.of(remix.pk, Kind.REQUESTED, again, by) for remix in remixes),
            batch_size=500,
        )
        transaction.on_commit(nudge, robust=True)
    return remixes


def _endpoint(key: str | None) -> Endpoint:
    try:
        return get_endpoint(key or conf.SORA_REMIX_ENDPOINT)
    except (UnknownEndpoint, InvalidEndpoint) as error:
        raise RequestRefused([Reason("endpoint", error.message)]) from error


def _problems(
    record: Endpoint, videos: Sequence[Video], prompts: Sequence[str], options: Mapping[str, Any]
) -> list[Reason]:
    """List all that is wrong, each reason once."""
    reasons = [*_retirement(record), *record.option_problems(options)]
    if not videos:
        reasons.append(Reason("videos", _("There is no video to remix.")))
    for video in videos:
        if refusal := record.refusal(video):
            message = _("“%(title)s”: %(reason)s") % {"title": video.title, "reason": refusal}
            reasons.append(Reason("videos", message))
    if not prompts:
        reasons.append(Reason("prompts", _("There is no prompt.")))
    for prompt in prompts:
        if problem := record.prompt_problem(prompt):
            reasons.append(Reason("prompts", problem))
    return list(dict.fromkeys(reasons))


def _retirement(record: Endpoint) -> Iterator[Reason]:
    """Refuse what fal has said it does not offer any more; a date in the record only warns."""
    if since := EndpointFact.objects.retired().get(record.endpoint_id):
        message = _("fal said on %(day)s that it does not offer “%(endpoint)s” any more.")
        day = date_format(localtime(since), "SHORT_DATE_FORMAT")
        yield Reason("endpoint", message % {"day": day, "endpoint": record.label})
