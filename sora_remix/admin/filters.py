"""Filters of the changelists."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..clock import today
from ..endpoints import all_endpoints, choosable
from ..exceptions import SoraRemixError
from ..models import Approval, BillFlag, EndpointFact, Remix, RemixBatch, Video
from . import failing_steps
from .params import parse_pk
from .querysets import remixable
from .visibility import get_rows

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Lookups = Iterable[tuple[str, str | _StrPromise]]
    AnyModelAdmin = admin.ModelAdmin[Any]


class ConditionFilter(admin.SimpleListFilter):
    """Offer named conditions."""

    conditions: ClassVar[Mapping[str, tuple[_StrPromise, Q]]]
    """Label and condition by the value in the URL."""

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return [(value, label) for value, (label, _condition) in self.conditions.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        _label, condition = self.conditions.get(self.value() or "", ("", Q()))
        return queryset.filter(condition)


class ApprovalFilter(ConditionFilter):
    title = _("approval")
    parameter_name = "approval"
    conditions = {
        "new": (_("New"), Q(approval=Approval.NEW, cleared_at=None)),
        "approved": (_("Approved"), Q(approval=Approval.APPROVED, cleared_at=None)),
        "rejected": (_("Rejected"), Q(approval=Approval.REJECTED, cleared_at=None)),
        "cleared": (_("Cleared"), Q(cleared_at__isnull=False)),
    }


class OriginFilter(ConditionFilter):
    title = _("origin")
    parameter_name = "origin"
    conditions = {
        "upload": (_("Uploaded"), Q(sora_id="", remix__isnull=True)),
        "sora": (_("Sora generation"), ~Q(sora_id="") & Q(remix__isnull=True)),
        "remix": (_("Remix"), Q(remix__isnull=False)),
    }


class StateFilter(ConditionFilter):
    title = _("state")
    parameter_name = "state"
    conditions = {
        "draft": (_("Draft"), Q(confirmed_at=None)),
        "confirmed": (_("Confirmed"), Q(confirmed_at__isnull=False)),
    }


class BillFilter(ConditionFilter):
    """Keep the remixes that the notice about unexpected bills links to."""

    title = pgettext_lazy("filter", "bill")
    parameter_name = "bill"
    conditions = {
        "unexpected": (_("Unexpected"), ~Q(bill_flag="")),
        **{flag.value: (flag.label, Q(bill_flag=flag)) for flag in BillFlag},
    }


class RemixableFilter(admin.SimpleListFilter):
    """Keep the videos that at least one available endpoint accepts."""

    title = pgettext_lazy("filter", "can be remixed")
    parameter_name = "remixable"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return (("yes", _("Yes")), ("no", _("No")))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        if self.value() not in ("yes", "no"):
            return queryset
        try:
            endpoints = choosable(EndpointFact.objects.retired(), today())
            wanted = Video.objects.filter(remixable(endpoints))
        except SoraRemixError:
            wanted = Video.objects.none()
        found = Q(pk__in=wanted.order_by().values("pk"))
        return queryset.filter(found if self.value() == "yes" else ~found)


class EndpointFilter(admin.SimpleListFilter):
    """Offer the known endpoints, so that the rows need not be searched for them."""

    title = _("model")
    parameter_name = "endpoint"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        try:
            return [(key, str(record)) for key, record in all_endpoints().items()]
        except SoraRemixError:
            return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Remix]) -> QuerySet[Remix]:
        return queryset.filter(endpoint=self.value()) if self.value() else queryset


class FailingFilter(admin.SimpleListFilter):
    """Keep the remixes that a notice about a failing step links to."""

    title = pgettext_lazy("filter", "failing steps")
    parameter_name = "failing"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return [(step.name, step.label) for step in (failing_steps.UPLOAD, *failing_steps.STEPS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Remix]) -> QuerySet[Remix]:
        return failing_steps.filter_by_step(queryset, self.value() or "")


class ChosenFilter(admin.SimpleListFilter):
    """Show the related row that a link chose, without offering all others."""

    model: type[Model]

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        chosen = self.value()
        if not chosen:
            return []
        if parse_pk(chosen) is None:
            raise IncorrectLookupParameters
        found = get_rows(model_admin.admin_site, request, self.model).filter(pk=chosen)
        # Without any choice the admin would drop the filter and show all.
        return [(str(row.pk), str(row)) for row in found] or [(chosen, chosen)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Remix]) -> QuerySet[Remix]:
        chosen = self.value()
        return queryset.filter(**{str(self.parameter_name): chosen}) if chosen else queryset


class BatchFilter(ChosenFilter):
    title = _("batch")
    parameter_name = "batch__id__exact"
    model = RemixBatch


class SourceFilter(ChosenFilter):
    title = _("source")
    parameter_name = "source__id__exact"
    model = Video
