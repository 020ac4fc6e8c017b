"""Steps that have failed for a long time, for the notices, the changelist and a remix's page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db.models import Count, Exists, Min, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from .. import engine
from ..exceptions import SoraRemixError
from ..models import Remix, SourceCopy
from ..models.status import Status
from .formatting.dates import moment
from .formatting.retries import because, is_failing, one_line, tries
from .permissions import EXCHANGE, has_perms

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LONG = timedelta(hours=1)
"""After this time, a single failure counts."""
SHORT = timedelta(minutes=5)
"""After this time, `FEW` failures count: a worker that is killed each time fails slowly."""
FEW = 3


@dataclass(frozen=True)
class FailingStep:
    """A step of remixes that may keep failing."""

    name: str
    """Value of the list's filter."""
    label: _StrPromise
    """Choice of the list's filter."""
    remixes: Q
    message: Any
    """What a notice says, with `many` and `since`."""
    charge: _StrPromise


@dataclass(frozen=True)
class StepFailures:
    """Number of rows that have failed at a step for long, since when, and an error of one."""

    many: int
    since: datetime | None
    error: str | None

    def describe(self, step: FailingStep, request: HttpRequest) -> str:
        """Describe it; the error only to users who may see the exchange with fal."""
        since = moment(self.since) if self.since else ""
        said = [step.message % {"many": self.many, "since": since}, step.charge]
        if self.error and has_perms(request, EXCHANGE):
            said.append(because(self.error))
        return " ".join(map(str, said))


UPLOAD = FailingStep(
    "upload",
    _("Waiting for an upload"),
    Q(status=Status.QUEUED, is_ready=False),
    ngettext_lazy(
        "Since %(since)s, uploading %(many)d file to fal has been failing. Remixes that "
        "need it are waiting.",
        "Since %(since)s, uploading %(many)d files to fal has been failing. Remixes that "
        "need them are waiting.",
        "many",
    ),
    _("Nothing is charged, and the site keeps trying."),
)
"""Counts files, not remixes."""
STEPS = (
    FailingStep(
        "send",
        _("Can't be sent"),
        Q(status=Status.QUEUED),
        ngettext_lazy(
            "Since %(since)s, sending %(many)d remix to fal has been failing.",
            "Since %(since)s, sending %(many)d remixes to fal has been failing.",
            "many",
        ),
        _("Nothing is charged, and the site keeps trying."),
    ),
    FailingStep(
        "check",
        _("Progress unknown"),
        Q(status=Status.PROCESSING, completed_at=None),
        ngettext_lazy(
            "Since %(since)s, asking fal about %(many)d remix has been failing.",
            "Since %(since)s, asking fal about %(many)d remixes has been failing.",
            "many",
        ),
        _("Nothing more is charged, and the site keeps trying."),
    ),
    FailingStep(
        "collect",
        _("Can't be collected"),
        Q(status=Status.STORING) | Q(status=Status.PROCESSING, completed_at__isnull=False),
        ngettext_lazy(
            "fal has finished %(many)d remix, but since %(since)s, collecting its files has been "
            "failing.",
            "fal has finished %(many)d remixes, but since %(since)s, collecting their files has "
            "been failing.",
            "many",
        ),
        _("Nothing more is charged, and the site keeps trying."),
    ),
)


def failing_for_long() -> Q:
    """Keep rows whose present step has failed for long."""
    now = timezone.now()
    often = Q(failures__gte=FEW, failing_since__lte=now - SHORT)
    return Q(failing_since__lte=now - LONG) | often


def aggregate_failures() -> dict[str, Any]:
    """Return aggregates of unsettled remixes, which `pop_failures` reads."""
    found: dict[str, Any] = {}
    for step in STEPS:
        rows = step.remixes & failing_for_long()
        found[f"{step.name}_many"] = Count("pk", filter=rows)
        found[f"{step.name}_since"] = Min("failing_since", filter=rows)
        found[f"{step.name}_error"] = Min("error_message", filter=rows & ~Q(error_message=""))
    return found


def select_upload_failures() -> dict[str, Any]:
    """Return subqueries for the failing uploads that remixes wait for."""
    waiting = Remix.objects.order_by().filter(UPLOAD.remixes)
    rows = SourceCopy.objects.to_upload().filter(failing_for_long(), Exists(waiting)).order_by()
    whole = rows.values("error_code")  # empty in all of them, so that they are one group
    error = Min("error_message", filter=~Q(error_message=""))
    return {
        "upload_many": Subquery(whole.annotate(_found=Count("pk")).values("_found")),
        "upload_since": Subquery(whole.annotate(_found=Min("failing_since")).values("_found")),
        "upload_error": Subquery(whole.annotate(_found=error).values("_found")),
    }


def pop_failures(step: FailingStep, counted: dict[str, Any]) -> StepFailures | None:
    """Take the failures of a step out of the counts; return None if there are none."""
    many, since, error = (counted.pop(f"{step.name}_{name}") for name in ("many", "since", "error"))
    return StepFailures(many, since, error) if many else None


def filter_by_step(queryset: QuerySet[Remix], name: str) -> QuerySet[Remix]:
    """Keep the remixes that the notice about a step links to."""
    if name == UPLOAD.name:
        return queryset.filter(UPLOAD.remixes)
    step = next((step for step in STEPS if step.name == name), None)
    return queryset.filter(step.remixes, failing_for_long()) if step else queryset


def describe_failure(request: HttpRequest, remix: Remix) -> dict[str, str]:
    """Describe the upload that a remix waits for, and its last error."""
    upload = _upload(remix)
    error = upload.error_message if upload else remix.error_message if is_failing(remix) else ""
    return {
        "upload": tries(upload) if upload else "",
        "last_error": one_line(error) if has_perms(request, EXCHANGE) else "",
    }


def _upload(remix: Remix) -> SourceCopy | None:
    """Return an upload that this remix waits for and whose last attempt failed."""
    if remix.status != Status.QUEUED or remix.is_ready:
        return None
    try:
        names = engine.files_of(remix)
    except SoraRemixError:
        return None  # its clip is not made yet
    failed = SourceCopy.objects.to_upload().filter(name__in=names, failing_since__isnull=False)
    return failed.order_by("failing_since").first()
