"""Notices above the app's pages: problems that hold remixes up, and decisions that are due.

They take two queries, whatever the number of rows, and disappear when the problem is solved.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, Min, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from .. import tasks
from ..clock import today
from ..conf import conf
from ..endpoints import Endpoint, get_endpoint
from ..exceptions import SoraRemixError
from ..models import Chain, EndpointFact, Pause, Remix, RemixEvent
from ..models.status import UNSETTLED, Status
from . import failing_steps
from .failing_steps import StepFailures
from .formatting.dates import time_of_day
from .formatting.retries import because
from .links import Links
from .permissions import DECIDE, EXCHANGE, VIEW, has_perms
from .visibility import get_visible_rows

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

Kind = RemixEvent.Kind
SILENCE = timedelta(minutes=2)
"""While remixes wait, a worker takes a turn every few seconds."""
RECENT = timedelta(days=1)
"""Earlier answers of fal say nothing about the present key."""
KEY_REFUSED = Q(kind__in=(Kind.REFUSED, Kind.FAILED), detail="credentials_refused")
KEY_TAKEN = Q(kind=Kind.ACCEPTED)


@dataclass(frozen=True)
class Notice:
    """A problem and what to do about it: a shell command, a link or a button."""

    text: str
    command: str = ""
    url: str = ""
    link: str = ""
    button: str = ""
    """Instead of a link: it posts to `url`."""
    is_quiet: bool = False


@dataclass(frozen=True)
class WaitingCounts:
    """Numbers of remixes that wait for a worker or a person, and of those that keep failing."""

    due: int
    since: datetime | None
    unconfirmed: int
    failing: dict[str, StepFailures]


@dataclass(frozen=True)
class SystemState:
    """The last signs of workers and of fal; empty before the first remix of a site."""

    worked_at: datetime | None = None
    key_refused_at: datetime | None = None
    key_taken_at: datetime | None = None
    is_endpoint_gone: bool = False
    pause: Pause | None = None
    upload: StepFailures | None = None


def get_notices(request: HttpRequest, site: AdminSite, *, on_list: bool) -> list[Notice]:
    """Return the notices for this user."""
    endpoint, links = _named_endpoint(), Links(site)
    waiting, state = _count_waiting(), _read_state(endpoint)
    notices = [
        *(_report_sync() if tasks.is_sync() else _report_no_worker(waiting, state)),
        *_report_refused_key(state),
        *_report_pause(request, state.pause, links, on_list=on_list),
        *_report_failures(request, waiting, state, links),
        *_report_unconfirmed(request, waiting, site),
    ]
    if on_list and endpoint:
        notices += _report_retired(endpoint, state)
    return notices


def hash_notices(notices: Iterable[Notice]) -> str:
    """Return a short hash by which a page sees that its notices changed; quiet ones don't count."""
    said = "\0".join(f"{one.text} {one.command}" for one in notices if not one.is_quiet)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _count_waiting() -> WaitingCounts:
    now = timezone.now()
    is_free = Q(leased_until=None) | Q(leased_until__lte=now)
    is_due = Q(status__in=UNSETTLED, due_at__lte=now) & is_free
    rows = Remix.objects.order_by().filter(status__in=(*UNSETTLED, Status.UNCONFIRMED))
    counted = rows.aggregate(
        due=Count("pk", filter=is_due),
        since=Min("due_at", filter=is_due),
        unconfirmed=Count("pk", filter=Q(status=Status.UNCONFIRMED)),
        **failing_steps.aggregate_failures(),
    )
    steps = {step.name: failing_steps.pop_failures(step, counted) for step in failing_steps.STEPS}
    return WaitingCounts(**counted, failing={name: found for name, found in steps.items() if found})


def _read_state(endpoint: Endpoint | None) -> SystemState:
    fact = EndpointFact.objects.filter(endpoint_id=endpoint.endpoint_id if endpoint else "")
    chain = Chain.objects.filter(pk=1).values(
        "worked_at",
        "held_until",
        "held_because",
        key_refused_at=Subquery(_last(KEY_REFUSED)),
        key_taken_at=Subquery(_last(KEY_TAKEN)),
        is_endpoint_gone=Exists(fact.filter(retired_at__isnull=False)),
        **failing_steps.select_upload_failures(),
    )
    if not (first := chain.first()):
        return SystemState()
    seen: dict[str, Any] = {**first}
    upload = failing_steps.pop_failures(failing_steps.UPLOAD, seen)
    pause = Pause.of(seen.pop("held_until"), seen.pop("held_because"))
    return SystemState(**seen, pause=pause, upload=upload)


def _last(what: Q) -> QuerySet[RemixEvent, datetime]:
    recent = RemixEvent.objects.filter(what, at__gt=timezone.now() - RECENT)
    return recent.order_by("-at").values_list("at", flat=True)[:1]


def _named_endpoint() -> Endpoint | None:
    """Return the site's default endpoint, if it names one that is known."""
    try:
        return get_endpoint(conf.SORA_REMIX_ENDPOINT) if conf.SORA_REMIX_ENDPOINT else None
    except SoraRemixError:
        return None  # the system checks name it


def _report_no_worker(waiting: WaitingCounts, state: SystemState) -> Iterator[Notice]:
    silent = timezone.now() - SILENCE
    has_turned = state.worked_at is not None and state.worked_at >= silent
    if waiting.since is None or waiting.since >= silent or has_turned:
        return
    message = ngettext(
        "No worker has been active for two minutes, and %(many)d remix is waiting. Start one with",
        "No worker has been active for two minutes, and %(many)d remixes are "
        "waiting. Start one with",
        waiting.due,
    )
    yield Notice(message % {"many": waiting.due}, command="python manage.py qcluster")


def _report_sync() -> Iterator[Notice]:
    yield Notice(
        _(
            "This site runs tasks inside the request (Q_CLUSTER “sync”). Nothing is sent to fal "
            "until an administrator turns that off and starts a worker. Until then, confirmed "
            "remixes wait and cost nothing."
        )
    )


def _report_refused_key(state: SystemState) -> Iterator[Notice]:
    refused, taken = state.key_refused_at, state.key_taken_at
    if refused and (taken is None or taken < refused):
        yield Notice(
            _("fal refuses the site's key, or its account has no money left. Find out more with"),
            command="python manage.py sora_remix_doctor",
        )


def _report_pause(
    request: HttpRequest, pause: Pause | None, links: Links, *, on_list: bool
) -> Iterator[Notice]:
    """Report until when nothing is sent; off the lists, a button would lose what was typed."""
    if not pause:
        return
    message = _(
        "Sending to fal is paused until %(time)s and then resumes by itself. Waiting remixes cost "
        "nothing meanwhile."
    )
    text = message % {"time": time_of_day(pause.until)}
    if pause.reason and has_perms(request, EXCHANGE):
        text = f"{text} {because(pause.reason)}"
    if not (has_perms(request, VIEW, DECIDE) and (resume_url := links.remix_url("resume"))):
        yield Notice(text)
    elif on_list:
        yield Notice(text, url=resume_url, button=_("Resume sending"))
    else:
        yield Notice(text, url=links.changelist_url(Remix), link=_("Show remixes"))


def _report_failures(
    request: HttpRequest, waiting: WaitingCounts, state: SystemState, links: Links
) -> Iterator[Notice]:
    found = waiting.failing | ({failing_steps.UPLOAD.name: state.upload} if state.upload else {})
    may_list = has_perms(request, VIEW)
    for step in (failing_steps.UPLOAD, *failing_steps.STEPS):
        if step.name in found:
            yield Notice(
                found[step.name].describe(step, request),
                url=links.changelist_url(Remix, failing=step.name) if may_list else "",
                link=_("Show remixes"),
            )


def _report_unconfirmed(
    request: HttpRequest, waiting: WaitingCounts, site: AdminSite
) -> Iterator[Notice]:
    if not waiting.unconfirmed or not has_perms(request, DECIDE):
        return
    own = get_visible_rows(site, request, Remix).filter(status=Status.UNCONFIRMED)
    if not (many := own.count()):
        return
    message = ngettext(
        "%(many)d remix is unconfirmed: it is unknown whether fal has it.",
        "%(many)d remixes are unconfirmed: it is unknown whether fal has them.",
        many,
    )
    yield Notice(
        message % {"many": many},
        url=Links(site).changelist_url(Remix, status__exact=Status.UNCONFIRMED),
        link=_("Decide"),
    )


def _report_retired(endpoint: Endpoint, state: SystemState) -> Iterator[Notice]:
    if state.is_endpoint_gone or endpoint.is_retired(today()):
        message = _(
            "The default endpoint, “%(endpoint)s”, was switched off. Set "
            "SORA_REMIX_ENDPOINT to another one."
        )
        yield Notice(message % {"endpoint": endpoint.label}, is_quiet=True)
