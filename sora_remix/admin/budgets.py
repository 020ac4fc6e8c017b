"""Admin of budgets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..clock import site_date
from ..dollars import dollars
from ..models import Budget, BudgetLeft, BudgetPeriod
from .bases import ModelAdmin, ValidatedAgainMixin
from .notices import views as notices
from .pages import NOTICES_SCRIPT, STYLESHEETS
from .params import CheckedParametersMixin

if TYPE_CHECKING:
    BudgetModelAdmin = ModelAdmin[Budget]
else:
    BudgetModelAdmin = ModelAdmin


@admin.register(Budget)
class BudgetAdmin(CheckedParametersMixin, ValidatedAgainMixin, BudgetModelAdmin):
    """Let somebody with permission set budgets; their owner and period never change."""

    list_display = ("owner_name", "period", "amount_in_dollars", "used", "left", "renewal")
    list_filter = ("period",)
    show_full_result_count = False
    fields = ("group", "user", "period", "amount")
    raw_id_fields = ("group", "user")

    class Media:
        css = {"all": STYLESHEETS}
        js = (NOTICES_SCRIPT,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Budget]:
        """Read the last counter of each budget as well."""
        # With another time zone, today may be earlier than it was.
        is_past = Q(starts_on__lte=site_date(timezone.now()))
        once = Q(budget__period=Budget.Period.ONCE)
        periods = BudgetPeriod.objects.filter(is_past | once, budget=OuterRef("pk"))
        last = periods.order_by("-starts_on")
        rows = super().get_queryset(request).prefetch_related("group", "user")
        return rows.annotate(
            _starts_on=Subquery(last.values("starts_on")[:1]),
            _used_millionths=Subquery(last.values("used_millionths")[:1]),
        )

    def get_urls(self) -> list[URLPattern]:
        return [*notices.urls(self), *super().get_urls()]

    def get_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        if obj is None:
            return self.fields
        return ("owner_name", "period", "amount", "used", "left", "renewal")

    def get_readonly_fields(self, request: HttpRequest, obj: Budget | None = None) -> Any:
        return ("owner_name", "period", "used", "left", "renewal") if obj else ()

    def get_deleted_objects(
        self, objs: Any, request: HttpRequest
    ) -> tuple[list[Any], dict[Any, Any], set[Any], list[Any]]:
        """Name the budgets, but not the thousands of requests that they may have counted."""
        names = [str(budget) for budget in objs]
        return names, {self.opts.verbose_name_plural: len(names)}, set(), []

    @admin.display(description=_("whose"))
    def owner_name(self, budget: Budget) -> str:
        return budget.owner

    @admin.display(description=_("amount"), ordering="amount")
    def amount_in_dollars(self, budget: Budget) -> str:
        return dollars(budget.amount)

    @admin.display(description=_("used"))
    def used(self, budget: Budget) -> str:
        return dollars(_left(budget).used)

    @admin.display(description=_("left"))
    def left(self, budget: Budget) -> str:
        return dollars(_left(budget).left)

    @admin.display(description=_("renews"))
    def renewal(self, budget: Budget) -> str:
        return _left(budget).renewal_day or gettext("never")


def _left(budget: Any) -> BudgetLeft:
    today = site_date(timezone.now())
    period = BudgetPeriod(used_millionths=0)
    is_present = budget._starts_on == budget.starts_on(today)
    if budget._starts_on and (is_present or budget.period == Budget.Period.ONCE):
        period.used_millionths = budget._used_millionths
    return BudgetLeft(budget, period.used, budget.renews_on(today))
