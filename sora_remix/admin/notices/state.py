"""What holds remixes up at present, read in two queries whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Exists, Min, Q, QuerySet, Subquery
from django.utils import timezone

from ... import tasks
from ...clock import today
from ...conf import conf
from ...endpoints import Endpoint, get_endpoint
from ...exceptions import SoraRemixError
from ...fal import is_key_set
from ...models import BudgetPeriod, Chain, EndpointFact, Pause, Remix, RemixEvent
from ...models.status import UNSETTLED, Status
from .. import failing_steps
from ..failing_steps import FailingStep, StepFailures

Kind = RemixEvent.Kind
SILENCE = timedelta(minutes=2)
"""While remixes wait, a worker takes a turn every few seconds."""
RECENT = timedelta(days=1)
"""Earlier answers of fal say nothing about the present key."""
KEY_REFUSED = Q(kind__in=(Kind.REFUSED, Kind.FAILED), detail="credentials_refused")
KEY_TAKEN = Q(kind=Kind.ACCEPTED)


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
    was_key_taken: bool = False
    """Whether fal has ever accepted a remix."""
    is_endpoint_gone: bool = False
    is_budget_reached: bool = False
    """Whether a budget has reached one of the marks in its present period."""
    pause: Pause | None = None
    upload: StepFailures | None = None


@dataclass(frozen=True)
class NoticeState:
    """Which problems there are."""

    waiting: WaitingCounts
    system: SystemState
    endpoint: Endpoint | None
    """The site's default endpoint, if it names one that is known."""

    @property
    def is_sync(self) -> bool:
        return tasks.is_sync()

    @property
    def has_no_worker(self) -> bool:
        silent = timezone.now() - SILENCE
        worked_at, since = self.system.worked_at, self.waiting.since
        has_turned = worked_at is not None and worked_at >= silent
        return since is not None and since < silent and not has_turned

    @property
    def is_key_missing(self) -> bool:
        """Tell whether no key is set; the workers may have one of their own, as fal has shown."""
        return not (is_key_set() or self.system.was_key_taken)

    @property
    def is_key_refused(self) -> bool:
        refused, taken = self.system.key_refused_at, self.system.key_taken_at
        return refused is not None and (taken is None or taken < refused)

    @property
    def retired_endpoint(self) -> Endpoint | None:
        """Return the site's default endpoint if it was switched off."""
        endpoint = self.endpoint
        is_gone = endpoint and (self.system.is_endpoint_gone or endpoint.is_retired(today()))
        return endpoint if is_gone else None

    @property
    def failures(self) -> list[tuple[FailingStep, StepFailures]]:
        """Return the steps that keep failing, in the order in which a remix takes them."""
        upload = self.system.upload
        found = self.waiting.failing | ({failing_steps.UPLOAD.name: upload} if upload else {})
        steps = (failing_steps.UPLOAD, *failing_steps.STEPS)
        return [(step, found[step.name]) for step in steps if step.name in found]


def read_state() -> NoticeState:
    """Read the state of the whole site."""
    endpoint = _named_endpoint()
    return NoticeState(_count_waiting(), _read_system(endpoint), endpoint)


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


def _read_system(endpoint: Endpoint | None) -> SystemState:
    fact = EndpointFact.objects.filter(endpoint_id=endpoint.endpoint_id if endpoint else "")
    chain = Chain.objects.filter(pk=1).values(
        "worked_at",
        "held_until",
        "held_because",
        key_refused_at=Subquery(_last(KEY_REFUSED)),
        key_taken_at=Subquery(_last(KEY_TAKEN)),
        was_key_taken=Exists(RemixEvent.objects.order_by().filter(KEY_TAKEN)),
        is_endpoint_gone=Exists(fact.filter(retired_at__isnull=False)),
        is_budget_reached=Exists(BudgetPeriod.objects.reached()),
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
    try:
        return get_endpoint(conf.SORA_REMIX_ENDPOINT) if conf.SORA_REMIX_ENDPOINT else None
    except SoraRemixError:
        return None  # the system checks name it
