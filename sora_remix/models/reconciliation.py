"""Reconciling remixes with the request ids that fal reports for them."""

from __future__ import annotations

from contextlib import suppress

from ..database import atomic
from ..exceptions import InvalidTransition
from .bill import unbilled
from .chain import Chain
from .event import RemixEvent
from .remix import Remix
from .status import Status

Kind = RemixEvent.Kind


def webhook_received(remix: Remix, request_id: str) -> None:
    """Record that a webhook reports a remix as finished; it may come late, or several times."""
    id_received(remix, request_id)
    with suppress(InvalidTransition):
        remix.reported_finished(request_id)
        Chain.objects.note_webhook()


def id_received(remix: Remix, request_id: str) -> None:
    """Record an id that fal gives for a remix; it may not be the first."""
    if Remix.objects.exclude(pk=remix.pk).filter(request_id=request_id).exists():
        return  # fal's list gave this id to an identical remix
    if not _first_id(remix, request_id):
        _another_id(remix, request_id)


def has_twin_being_sent(remix: Remix) -> bool:
    """Return whether an identical remix is being sent to fal at this moment."""
    return _twin(remix, Status.SUBMITTING) is not None


def _first_id(remix: Remix, request_id: str) -> bool:
    """Settle a remix that got no answer, or that was given up too early."""
    with suppress(InvalidTransition):
        remix.accepted(request_id, Kind.CALLED)
        return True
    given_up = Remix.objects.filter(pk=remix.pk, status=Status.FAILED, request_id="")
    with atomic():
        if not given_up.update(request_id=request_id, **unbilled()):
            return False
        remix._recount()
    remix.note_request_id(Kind.CALLED, request_id)
    return True


def _another_id(remix: Remix, request_id: str) -> None:
    """Keep a second id of the same remix: you may have been charged twice."""
    with atomic():
        row = Remix.objects.select_for_update().get(pk=remix.pk)
        if request_id in (row.request_id, *row.other_request_ids):
            return
        if twin := _twin(row, Status.UNCONFIRMED):
            twin.accepted(request_id, Kind.CALLED)
            return
        row.other_request_ids = [*row.other_request_ids, request_id]
        changes = {"other_request_ids": row.other_request_ids, **unbilled()}
        Remix.objects.filter(pk=row.pk).update(**changes)
        row.note_request_id(Kind.DOUBLED, request_id)


def _twin(remix: Remix, status: str) -> Remix | None:
    """Return another remix with the same request and this status."""
    others = Remix.objects.exclude(pk=remix.pk).filter(
        status=status,
        source_id=remix.source_id,
        prompt=remix.prompt,
        endpoint_id=remix.endpoint_id,
    )
    # Databases differ in when two JSON texts are equal.
    return next((one for one in others if one.options == remix.options), None)
