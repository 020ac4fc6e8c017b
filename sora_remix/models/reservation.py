"""Reservations: what one confirmation has taken of the budgets that apply to it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..clock import site_date, site_midnight
from ..database import PrimaryManager, alias, insert, key_parts, read_shared
from .budget import Budget, BudgetLeft, BudgetPeriod, to_millionths
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User


class ReservationQuerySet(models.QuerySet["Reservation"]):
    def start(self, by: User | None, budgets: Collection[Budget]) -> Reservation:
        """Insert the reservation of a confirmation, and link it to the counters of its budgets.

        The counters are changed later, by `Reservation.count()`, so that they are locked briefly.
        """
        at = timezone.now()
        periods = self.open_periods(budgets, at)
        reservation = self.create(by_id=by.pk if by else None, at=at)
        reservation.opened = periods
        for period in periods:
            self._link([reservation.pk], period)
        return reservation

    def open_periods(self, budgets: Collection[Budget], at: datetime) -> list[BudgetPeriod]:
        """Return the counters of these budgets for the periods at this time; add missing ones."""
        day = site_date(at)
        known = BudgetPeriod.objects.at(day, budgets)
        found = []
        for budget in budgets:
            period = known.get(budget.pk) or self._open(budget, budget.starts_on(day))
            period.budget = budget
            found.append(period)
        return found

    def settle(self, pk: int, millionths: int) -> None:
        """Add the changed cost of a remix to the counters that this reservation counts in.

        The remix was changed before, in the same transaction. That orders it before or after a
        budget that starts to count it.
        """
        links = self._links().filter(reservation_id=pk)
        pks = [link.budgetperiod_id for link in read_shared(links)]
        if pks:
            BudgetPeriod.objects.add(pks, millionths)
            BudgetPeriod.objects.announce(pks)

    def _open(self, budget: Budget, start: date) -> BudgetPeriod:
        """Insert a counter, which counts what was requested earlier in its period."""
        period = BudgetPeriod.objects.create(budget_id=budget.pk, starts_on=start)
        if budget.period != Budget.Period.ONCE:
            self._count_earlier(budget, period)
        return period

    def _count_earlier(self, budget: Budget, period: BudgetPeriod) -> None:
        """Count the requests of a budget's owner since the start of this period.

        There are some if the budget is new, or its period or the site's time zone was changed. No
        transaction that misses a new budget is under way, because it was saved after all of them.
        The remixes are changed, though not in value, so that a settlement that doesn't see the new
        links waits or fails.
        """
        earlier = self.filter(at__gte=site_midnight(period.starts_on)).only("pk")
        members = budget.members()
        queries = (
            [earlier] if members is None else [earlier.filter(by__in=p) for p in key_parts(members)]
        )
        pks = [one.pk for query in queries for one in read_shared(query)]
        remixes: Any = self.model._meta.get_field("remixes").related_model
        total = Decimal(0)
        for part in key_parts(pks):
            rows = remixes._default_manager.filter(reservation__in=part).order_by()
            rows.update(counted_cost=F("counted_cost"))
            counted = read_shared(rows.only("pk", "counted_cost"))
            total += sum((row.counted_cost for row in counted), Decimal(0))
        if pks:
            self._link(pks, period)
            BudgetPeriod.objects.add([period.pk], to_millionths(total))
            BudgetPeriod.objects.announce([period.pk])

    def _link(self, pks: Iterable[int], period: BudgetPeriod) -> None:
        links = self._links()
        insert(links, (links.model(reservation_id=pk, budgetperiod_id=period.pk) for pk in pks))

    def _links(self) -> models.QuerySet[Any]:
        return self.model.periods.through._default_manager.using(alias())


class Reservation(models.Model):
    """One confirmation, and the counters that the costs of its remixes count in."""

    by = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        editable=False,
        related_name="+",
    )
    at = models.DateTimeField(_("when"), default=timezone.now, db_index=True)
    periods = models.ManyToManyField(BudgetPeriod, related_name="reservations")

    objects = PrimaryManager.from_queryset(ReservationQuerySet)()
    opened: Sequence[BudgetPeriod] = ()
    """The counters that `start()` has linked."""

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("reservation")
        verbose_name_plural = _("reservations")
        ordering = ("pk",)

    def __str__(self) -> str:
        return str(_("Reservation %(number)s") % {"number": self.pk})

    def count(self, amount: Decimal, *, exceed: bool = False) -> list[BudgetLeft]:
        """Add this amount to its counters. Return the budgets that have less than that left.

        With `exceed`, it is added to those as well. Otherwise the caller has to roll back.
        """
        millionths = to_millionths(amount)
        short = []
        for period in sorted(self.opened, key=lambda one: one.pk) if millionths else ():
            budget, counters = period.budget, BudgetPeriod.objects
            if counters.add_if_left(period.pk, millionths, budget.most):
                continue
            now = counters.select_for_update().get(pk=period.pk)
            short.append(BudgetLeft(budget, now.used, budget.renews_on(site_date(self.at))))
            if exceed:
                counters.add([period.pk], millionths)
        BudgetPeriod.objects.announce([period.pk for period in self.opened])
        return short
