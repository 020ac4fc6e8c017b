"""Search fal's list of requests for remixes that got no answer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from datetime import timedelta
from functools import partial

from django.utils import timezone

from .. import fal
from ..clock import utc
from ..database import atomic
from ..exceptions import RemoteError
from ..logs import get_logger
from ..models import Chain, Remix, RemixEvent, reconciliation
from ..request_pool import wait_for
from .isolation import isolated

logger = get_logger(__name__)

SEARCHED_FOR = timedelta(hours=1)
"""How long fal's list is searched; it lags, so absence proves nothing."""
CLOCK_SKEW = timedelta(minutes=1)
"""How far fal's clock and ours may differ."""
SENDING_TAKES = timedelta(minutes=3)
"""The longest time from the start of sending until fal has the request."""


def look_for_evidence() -> None:
    """Match unconfirmed remixes with identical requests in fal's list.

    Identical remixes are interchangeable: as many are settled as fal has requests that belong to
    no other remix.
    """
    due: dict[str, list[Remix]] = defaultdict(list)
    for remix in Remix.objects.to_search(timezone.now() - SEARCHED_FOR):
        due[remix.endpoint_id].append(remix)
    for endpoint_id, remixes in due.items():
        with isolated(f"Evidence of requests to {endpoint_id}"):
            _settle(remixes, _requests(endpoint_id, remixes))


def _requests(endpoint_id: str, remixes: Iterable[Remix]) -> list[fal.SentRequest]:
    first = min(remix.submitted_at for remix in remixes if remix.submitted_at)
    try:
        return wait_for(fal.sent_requests(endpoint_id, utc(first) - CLOCK_SKEW))
    except RemoteError as error:
        logger.warning("Could not read fal's list of requests to %s: %s", endpoint_id, error)
        return []


@atomic()
def _settle(remixes: Iterable[Remix], requests: list[fal.SentRequest]) -> None:
    """Give each request to one remix; search again later for the others."""
    Chain.objects.lock()
    known = Remix.objects.filter(request_id__in=[one.request_id for one in requests])
    taken = set(known.values_list("request_id", flat=True))
    free = [one for one in requests if one.request_id not in taken]
    for remix in remixes:
        request = next((one for one in free if _is_its(one, remix)), None)
        # While an identical remix is being sent, the request may belong to that one.
        if request is None or reconciliation.has_twin_being_sent(remix):
            remix.search_again()
            continue
        free.remove(request)
        with isolated(remix, partial(_search_later, remix)), atomic():
            remix.accepted(request.request_id, RemixEvent.Kind.FOUND)
            logger.info("Remix %s: found at fal as %s", remix.pk, request.request_id)


def _search_later(remix: Remix, _error: Exception) -> None:
    remix.search_again()


def _is_its(request: fal.SentRequest, remix: Remix) -> bool:
    if remix.submitted_at is None or request.arguments != remix.arguments:
        return False
    sent_at = utc(remix.submitted_at)
    return sent_at - CLOCK_SKEW <= request.sent_at <= sent_at + SENDING_TAKES
