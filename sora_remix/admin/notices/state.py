"""What holds remixes up at present, read in two queries whatever the number of rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, Min, Q, QuerySet, Subquery
from django.utils import timezone

from ... import tasks
from ...clock import today
from ...conf import conf
from ...endpoints import Endpoint, get_endpoint
from ...exceptions import SoraRemixError
from ...fal import is_key_set
from ...models import (
    AccountBalance,
    BudgetPeriod,
    Chain,
    EndpointFact,
    Hold,
    Pause,
    Remix,
    RemixEvent,
)
from ...models.status import UNSETTLED, Status
from .. import failing_steps
from ..failing_steps import FailingStep, StepFailures

Kind = RemixEvent.Kind
SILENCE = timedelta(minutes=2)
"""While remixes wait, a worker takes a turn every few seconds."""
RECENT = timedelta(days=1)
"""A balance that was read earlier says nothing about the present one."""
BILLS_SHOWN = timedelta(days=7)
"""How long a notice reports an unexpected bill."""
CURRENCY = "USD"


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
    was_key_taken: bool = False
    """Whether fal has ever accepted a remix."""
    is_endpoint_gone: bool = False
    is_budget_reached: bool = False
    """Whether a budget has reached one of the marks in its present period."""
    pause: Pause | None = None
    hold: Hold | None = None
    upload: StepFailures | None = None
    was_billed_oddly: bool = False
    """Whether any bill was flagged of late."""
    balance: Decimal | None = None
    """Dollars in the account at fal, if they were read of late."""


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
    def retired_endpoint(self) -> Endpoint | None:
        """Return the site's default endpoint if it was switched off."""
        endpoint = self.endpoint
        is_gone = endpoint and (self.system.is_endpoint_gone or endpoint.is_retired(today()))
        return endpoint if is_gone else None

    @property
    def low_balance(self) -> Decimal | None:
        """Return the dollars left in the account at fal if they are too few."""
        balance, least = self.system.balance, conf.SORA_REMIX_LOW_BALANCE
        return balance if balance is not None and least is not None and balance < least else None

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
        "held_code",
        "held_since",
        was_key_taken=Exists(RemixEvent.objects.order_by().filter(kind=Kind.ACCEPTED)),
        is_endpoint_gone=Exists(fact.filter(retired_at__isnull=False)),
        was_billed_oddly=Exists(RemixEvent.objects.order_by().filter(billed_oddly_of_late())),
        balance=Subquery(_balance()),
        is_budget_reached=Exists(BudgetPeriod.objects.reached()),
        **failing_steps.select_upload_failures(),
    )
    if not (first := chain.first()):
        return SystemState()
    seen: dict[str, Any] = {**first}
    upload = failing_steps.pop_failures(failing_steps.UPLOAD, seen)
    until, reason = seen.pop("held_until"), seen.pop("held_because")
    hold = Hold.of(seen.pop("held_code"), until, reason, seen.pop("held_since"))
    pause = None if hold else Pause.of(until, reason)
    return SystemState(**seen, pause=pause, hold=hold, upload=upload)


def billed_oddly_of_late() -> Q:
    """Keep the events of bills that were flagged of late."""
    return Q(kind=Kind.BILL_FLAGGED, at__gt=timezone.now() - BILLS_SHOWN)


def _balance() -> QuerySet[AccountBalance, Decimal]:
    read = AccountBalance.objects.filter(pk=1, currency=CURRENCY)
    return read.filter(read_at__gt=timezone.now() - RECENT).values_list("amount", flat=True)


def _named_endpoint() -> Endpoint | None:
    try:
        return get_endpoint(conf.SORA_REMIX_ENDPOINT) if conf.SORA_REMIX_ENDPOINT else None
    except SoraRemixError:
        return None  # the system checks name it
