"""Filters of the lists."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from ..clock import today
from ..endpoints import all_endpoints, choosable
from ..exceptions import SoraRemixError
from ..models import Approval, EndpointFact, Remix, RemixBatch, Video
from . import failing_steps
from .params import parse_pk
from .querysets import remixable
from .visibility import get_rows

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    Lookups = Iterable[tuple[str, str | _StrPromise]]
    AnyModelAdmin = admin.ModelAdmin[Any]

ORIGINS = {
    "upload": Q(sora_id="", remix__isnull=True),
    "sora": ~Q(sora_id="") & Q(remix__isnull=True),
    "remix": Q(remix__isnull=False),
}


APPROVALS = {
    **{str(approval): Q(approval=approval, cleared_at=None) for approval in Approval},
    "cleared": Q(cleared_at__isnull=False),
}


class ApprovalFilter(admin.SimpleListFilter):
    title = _("approval")
    parameter_name = "approval"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return (
            ("new", _("New")),
            ("approved", _("Approved")),
            ("rejected", _("Rejected")),
            ("cleared", _("Cleared")),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        approval = APPROVALS.get(self.value() or "")
        return queryset if approval is None else queryset.filter(approval)


class OriginFilter(admin.SimpleListFilter):
    title = _("origin")
    parameter_name = "origin"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return (
            ("upload", _("Uploaded")),
            ("sora", _("Sora generation")),
            ("remix", _("Remix")),
        )

    def queryset(self, request: HttpRequest, queryset: QuerySet[Video]) -> QuerySet[Video]:
        origin = ORIGINS.get(self.value() or "")
        return queryset if origin is None else queryset.filter(origin)


class RemixableFilter(admin.SimpleListFilter):
    """Keep the videos that at least one endpoint can take that an editor may choose now."""

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
    """Offer the endpoints by their records: the rows need not be searched for them."""

    title = _("endpoint")
    parameter_name = "endpoint"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        try:
            return [(key, str(record)) for key, record in all_endpoints().items()]
        except SoraRemixError:
            return []

    def queryset(self, request: HttpRequest, queryset: QuerySet[Remix]) -> QuerySet[Remix]:
        return queryset.filter(endpoint=self.value()) if self.value() else queryset


class FailingFilter(admin.SimpleListFilter):
    """Keep the remixes of which a notice says that a step has failed for long."""

    title = pgettext_lazy("filter", "failing steps")
    parameter_name = "failing"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return [(step.name, step.label) for step in (failing_steps.UPLOAD, *failing_steps.STEPS)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Remix]) -> QuerySet[Remix]:
        return failing_steps.filter_by_step(queryset, self.value() or "")


class ChosenFilter(admin.SimpleListFilter):
    """Show a relation that a link chose; offering all its rows would be too many."""

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


class StateFilter(admin.SimpleListFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: AnyModelAdmin) -> Lookups:
        return (("draft", _("Draft")), ("confirmed", _("Confirmed")))

    def queryset(
        self, request: HttpRequest, queryset: QuerySet[RemixBatch]
    ) -> QuerySet[RemixBatch]:
        if self.value() not in ("draft", "confirmed"):
            return queryset
        return queryset.filter(confirmed_at__isnull=self.value() == "draft")
