"""Budgets: the most that the site, a group or a person may spend in a period."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, router
from django.db.models import F, Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..clock import site_date
from ..database import PrimaryManager, atomic, on_commit, read_shared, retry_conflicts
from ..dollars import dollars
from ..signals import budget_reached
from .fields import ExactCharField
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User

MILLIONTHS = 10**6
LEAST, MOST = Decimal("0.01"), Decimal(1_000_000)
"""Smallest and largest amount of a budget, in dollars."""
MARKS = (80, 100)
"""Percent of a budget at which it is announced."""


def to_millionths(amount: Decimal) -> int:
    """Convert dollars to whole millionths: SQLite would add up fractions inexactly."""
    return int(amount * MILLIONTHS)


class BudgetRevisionQuerySet(models.QuerySet["BudgetRevision"]):
    """The only row. Confirmations share it, and a change of budgets waits for all of them."""

    def share(self) -> None:
        """Keep budgets as they are until this transaction ends."""
        if not read_shared(self.filter(pk=1)):
            self.create(pk=1)

    def change(self) -> None:
        """Wait for confirmations that don't see the change yet, and keep out new ones.

        The row is changed, not only locked, so that an older snapshot in PostgreSQL fails.
        """
        if not self.filter(pk=1).update(number=F("number") + 1):
            self.create(pk=1)


class BudgetRevision(models.Model):
    """Counts the changes of budgets."""

    number = models.PositiveBigIntegerField(default=0)

    objects = PrimaryManager.from_queryset(BudgetRevisionQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()

    def __str__(self) -> str:
        return str(self.number)


class BudgetQuerySet(models.QuerySet["Budget"]):
    def applying_to(self, by: User | None) -> list[Budget]:
        """Return the budgets that this user's requests count in; without a user, the site's."""
        return _of_groups(list(self._possible(by)), by)

    def lock_applying_to(self, by: User | None) -> list[Budget]:
        """Return the same, and keep all budgets as they are until this transaction ends."""
        BudgetRevision.objects.share()
        return _of_groups(read_shared(self._possible(by)), by)

    def left_for(self, by: User | None) -> list[BudgetLeft]:
        """Return what is left now of the budgets that this user's requests count in."""
        return self.left_of(self.applying_to(by))

    def left_of(self, budgets: Collection[Budget]) -> list[BudgetLeft]:
        """Return what is left of these budgets in their present periods."""
        if not budgets:
            return []
        models.prefetch_related_objects([*budgets], "group", "user")
        today = site_date(timezone.now())
        counters = BudgetPeriod.objects.at(today, budgets)
        return [
            BudgetLeft(
                budget,
                counters[budget.pk].used if budget.pk in counters else Decimal(0),
                budget.renews_on(today),
            )
            for budget in budgets
        ]

    def nearly_used(self) -> list[BudgetLeft]:
        """Return what is left of budgets that have reached a mark in their present periods.

        Those that apply to nobody are left out.
        """
        reached = BudgetPeriod.objects.reached().values("budget")
        has_owner = Q(is_for_site=True) | Q(group__isnull=False) | Q(user__isnull=False)
        found = self.left_of(list(self.filter(has_owner, pk__in=reached)))
        return [left for left in found if left.percent >= MARKS[0]]

    def delete(self) -> tuple[int, dict[str, int]]:
        """Delete budgets and their counters."""
        with atomic():
            BudgetRevision.objects.change()
            return super().delete()

    def _possible(self, by: User | None) -> models.QuerySet[Budget]:
        pk: Any = by.pk if by else None
        # `__in` finds nothing for the key None of a user who is not logged in.
        return self.filter(
            Q(is_for_site=True) | Q(user__in=[] if pk is None else [pk]) | Q(group__isnull=False)
        ).order_by("pk")


class Budget(models.Model):
    """The most that requests may cost in a period, for the site, a group or a person.

    A budget whose group or person was deleted stays to be read, and applies to nobody.
    """

    class Period(models.TextChoices):
        DAY = "day", _("each day")
        MONTH = "month", _("each month")
        ONCE = "once", _("once")

    is_for_site = models.BooleanField(null=True, editable=False)
    """True or null, so that a unique constraint allows one for the site."""
    group = UserForeignKey(
        "auth.Group",
        verbose_name=_("group"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Its members share the budget."),
    )
    """Groups are in the database of the users."""
    user = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("person"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Leave group and person empty for a budget of the whole site."),
    )
    period = ExactCharField(
        _("period"),
        max_length=5,
        choices=Period,
        default=Period.MONTH,
        help_text=_("A day or a month starts at midnight in the site's time zone."),
    )
    amount = models.DecimalField(
        _("amount"),
        max_digits=9,
        decimal_places=2,
        validators=[MinValueValidator(LEAST), MaxValueValidator(MOST)],
        help_text=_("In US dollars, for example 250."),
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = PrimaryManager.from_queryset(BudgetQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ("pk",)
        permissions = (("exceed_budget", _("Can exceed budgets")),)
        constraints = (
            models.UniqueConstraint(
                fields=("is_for_site", "period"), name="sora_remix_budget_one_for_site"
            ),
            models.UniqueConstraint(fields=("group", "period"), name="sora_remix_budget_per_group"),
            models.UniqueConstraint(fields=("user", "period"), name="sora_remix_budget_per_user"),
            models.CheckConstraint(
                condition=Q(amount__gte=LEAST, amount__lte=MOST), name="sora_remix_budget_amount"
            ),
        )

    def __str__(self) -> str:
        message = {
            self.Period.DAY: gettext("%(amount)s each day for %(owner)s"),
            self.Period.MONTH: gettext("%(amount)s each month for %(owner)s"),
        }.get(self.Period(self.period), gettext("%(amount)s once for %(owner)s"))
        return message % {"amount": dollars(Decimal(self.amount)), "owner": self.owner}

    def save(self, *args: Any, **options: Any) -> None:
        """Save it once no confirmation is under way that wouldn't see the change.

        What was requested earlier in its period is counted after that.
        """
        with atomic():
            BudgetRevision.objects.change()
            if self._state.adding:
                has_owner = self.group_id is not None or self.user_id is not None
                self.is_for_site = None if has_owner else True
            super().save(*args, **options)
            BudgetPeriod.objects.forget_marks(self)
            now = BudgetPeriod.objects.at(site_date(timezone.now()), [self])
            BudgetPeriod.objects.announce([period.pk for period in now.values()])
        on_commit(lambda: _count_earlier_requests(self))

    def delete(self, *args: Any, **options: Any) -> tuple[int, dict[str, int]]:
        """Delete it and its counters."""
        with atomic():
            BudgetRevision.objects.change()
            return super().delete(*args, **options)

    @property
    def owner(self) -> str:
        """Name whose budget it is."""
        if self.is_for_site:
            return gettext("the whole site")
        if self.group:
            return gettext("the group “%(name)s”") % {"name": self.group}
        if self.user:
            return str(self.user)
        return gettext("nobody: its owner was deleted")

    @property
    def most(self) -> int:
        """Return the amount in millionths of a dollar."""
        return to_millionths(self.amount)

    def starts_on(self, day: date) -> date:
        """Return the first day of the period with this day, in the site's time zone."""
        match self.period:
            case self.Period.DAY:
                return day
            case self.Period.MONTH:
                return day.replace(day=1)
            case _:
                return site_date(self.created_at)

    def renews_on(self, day: date) -> date | None:
        """Return the day after the period with this day, None if it never ends."""
        match self.period:
            case self.Period.DAY:
                return day + timedelta(days=1)
            case self.Period.MONTH:
                return (day.replace(day=1) + timedelta(days=31)).replace(day=1)
            case _:
                return None

    def members(self) -> list[Any] | None:
        """Return the primary keys of those whose requests it counts; None for everybody's."""
        if self.is_for_site:
            return None
        if self.user_id is not None:
            return [self.user_id]
        users = get_user_model()
        if self.group_id is None or not hasattr(users, "groups"):
            return []
        found = users._base_manager.using(router.db_for_read(users))
        return list(found.filter(groups=self.group_id).values_list("pk", flat=True))

    def clean(self) -> None:
        """Raise `ValidationError` for two owners, and for a second budget of the site."""
        if self.group_id is not None and self.user_id is not None:
            raise ValidationError(_("Choose a group or a person, not both."), code="two_owners")
        if self._state.adding and self.group_id is None and self.user_id is None:
            same = Budget.objects.filter(is_for_site=True, period=self.period)
            if same.exists():
                message = _("The site already has a budget for this period. Change that one.")
                raise ValidationError(message, code="unique")


class BudgetPeriodQuerySet(models.QuerySet["BudgetPeriod"]):
    def at(self, day: date, budgets: Collection[Budget]) -> dict[int, BudgetPeriod]:
        """Return the counters of the periods with this day, by budget.

        One that doesn't renew has one counter, whatever became of the site's time zone since.
        """
        starts = {budget.pk: budget.starts_on(day) for budget in budgets}
        once = {budget.pk for budget in budgets if budget.period == Budget.Period.ONCE}
        found = self.filter(
            Q(budget__in=once) | Q(budget__in=[*starts], starts_on__in={*starts.values()})
        )
        return {
            one.budget_id: one
            for one in found
            if one.budget_id in once or one.starts_on == starts[one.budget_id]
        }

    def add_if_left(self, pk: int, millionths: int, most: int) -> bool:
        """Add to a counter unless that exceeds the budget; one UPDATE, at any isolation level."""
        room = self.filter(pk=pk, used_millionths__lte=most - millionths)
        return bool(room.update(used_millionths=F("used_millionths") + millionths))

    def add(self, pks: Collection[int], millionths: int) -> None:
        """Add to these counters, in an order in which no two transactions block each other."""
        for pk in sorted(pks):
            self.filter(pk=pk).update(used_millionths=F("used_millionths") + millionths)

    def reached(self) -> models.QuerySet[BudgetPeriod]:
        """Keep present periods in which a mark was reached."""
        today, period = site_date(timezone.now()), Budget.Period
        return self.order_by().filter(
            Q(budget__period=period.DAY, starts_on=today)
            | Q(budget__period=period.MONTH, starts_on=today.replace(day=1))
            | Q(budget__period=period.ONCE),
            reached__gt=0,
        )

    def announce(self, pks: Collection[int]) -> None:
        """Send the signal for marks that these counters have reached, once for each period."""
        for period in self.filter(pk__in=pks).select_related("budget").order_by("pk"):
            for mark in MARKS:
                is_reached = period.used_millionths * 100 >= period.budget.most * mark
                if is_reached and self.filter(pk=period.pk, reached__lt=mark).update(reached=mark):
                    _send_after_commit(period.budget, mark)

    def forget_marks(self, budget: Budget) -> None:
        """Let a budget whose amount was raised be announced again."""
        for mark in MARKS:
            below = self.filter(
                budget=budget, used_millionths__lt=budget.most * mark // 100, reached__gte=mark
            )
            below.update(reached=max((one for one in MARKS if one < mark), default=0))


class BudgetPeriod(models.Model):
    """What requests have used of a budget in one period: the sum of their counted costs."""

    budget = models.ForeignKey(Budget, on_delete=models.CASCADE, related_name="periods")
    starts_on = models.DateField()
    used_millionths = models.BigIntegerField(default=0)
    reached = models.PositiveSmallIntegerField(default=0)
    """The last of the marks that was announced, in percent."""

    objects = PrimaryManager.from_queryset(BudgetPeriodQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("budget period")
        verbose_name_plural = _("budget periods")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("budget", "starts_on"), name="sora_remix_budgetperiod_once"
            ),
        )

    def __str__(self) -> str:
        return date_format(self.starts_on, "SHORT_DATE_FORMAT")

    @property
    def used(self) -> Decimal:
        """Return what is used, in dollars."""
        return Decimal(self.used_millionths) / MILLIONTHS


class BudgetLeft(NamedTuple):
    """What is left of a budget in its present period."""

    budget: Budget
    used: Decimal
    renews_on: date | None

    @property
    def left(self) -> Decimal:
        """Return what is left, in dollars; 0 once the budget is exceeded."""
        return max(self.budget.amount - self.used, Decimal(0))

    @property
    def renewal(self) -> str:
        """Say when there is money again."""
        if not self.renewal_day:
            return gettext("This budget doesn't renew.")
        return gettext("It renews on %(day)s.") % {"day": self.renewal_day}

    @property
    def renewal_day(self) -> str:
        """Return the day on which there is money again; empty if there is none."""
        return date_format(self.renews_on, "SHORT_DATE_FORMAT") if self.renews_on else ""

    @property
    def percent(self) -> int:
        return int(self.used * 100 / self.budget.amount)


def _of_groups(budgets: list[Budget], by: User | None) -> list[Budget]:
    """Leave out budgets of groups that this user is not in."""
    if all(budget.group_id is None for budget in budgets):
        return budgets
    groups = getattr(by, "groups", None)
    own = {*groups.values_list("pk", flat=True)} if groups is not None else set()
    return [budget for budget in budgets if budget.group_id is None or budget.group_id in own]


def _count_earlier_requests(budget: Budget) -> None:
    """Count requests from before the budget; the next confirmation does so if this fails."""
    reservations: Any = apps.get_model("sora_remix", "Reservation")._default_manager
    retry_conflicts(reservations.open_periods)([budget], timezone.now())


def _send_after_commit(budget: Budget, mark: int) -> None:
    on_commit(lambda: budget_reached.send_robust(sender=Budget, budget=budget, percent=mark))
