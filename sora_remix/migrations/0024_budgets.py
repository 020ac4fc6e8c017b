"""Caps on what the site, a group or a person may spend."""

from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import sora_remix.models.fields
import sora_remix.models.users


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("sora_remix", "0023_bills"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="BudgetRevision",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("number", models.PositiveBigIntegerField(default=0)),
            ],
            options={
                "default_permissions": (),
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="remix",
            name="counted_cost",
            field=models.DecimalField(decimal_places=6, default=0, editable=False, max_digits=14),
        ),
        migrations.AddField(
            model_name="remix",
            name="reserved_cost",
            field=models.DecimalField(decimal_places=6, editable=False, max_digits=14, null=True),
        ),
        migrations.AlterField(
            model_name="remixevent",
            name="kind",
            field=sora_remix.models.fields.ExactCharField(
                choices=[
                    ("requested", "Requested."),
                    ("exceeded", "Exceeded a budget."),
                    ("sent", "Sent to fal."),
                    ("not_sent", "Not sent: fal could not be reached. It will be sent later."),
                    ("requeued", "fal asked for it to be sent later."),
                    ("held", "fal refused the site's key or account. It waits."),
                    ("accepted", "fal accepted it."),
                    ("refused", "fal refused it."),
                    ("unconfirmed", "No answer came. fal may have it."),
                    ("found", "Found in fal's list of requests."),
                    ("called", "fal confirmed that it has the remix."),
                    ("doubled", "fal confirmed another request for it. You may have paid twice."),
                    ("cancel_wished", "Requested cancellation."),
                    ("cancel_asked", "fal was asked to stop."),
                    ("cancelled", "Cancelled before it was sent."),
                    ("stopped", "fal stopped before it started."),
                    ("finished", "Finished at fal."),
                    ("stored", "The result was stored."),
                    ("failed", "Failed."),
                    ("bill_flagged", "fal billed it unexpectedly."),
                    ("retried", "Retried: requested again as another remix."),
                    ("collected_again", "Collected the result again, free of charge."),
                    ("id_entered", "Entered its request id at fal."),
                    ("given_up", "Gave it up. It was never found out whether fal received it."),
                    ("sent_again", "Sent again as another remix. fal may charge for both."),
                ],
                max_length=20,
                verbose_name="what",
            ),
        ),
        migrations.CreateModel(
            name="Budget",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("is_for_site", models.BooleanField(editable=False, null=True)),
                (
                    "period",
                    sora_remix.models.fields.ExactCharField(
                        choices=[("day", "each day"), ("month", "each month"), ("once", "once")],
                        default="month",
                        help_text="A day or a month starts at midnight in the site's time zone.",
                        max_length=5,
                        verbose_name="period",
                    ),
                ),
                (
                    "amount",
                    models.DecimalField(
                        decimal_places=2,
                        help_text="In US dollars, for example 250.",
                        max_digits=9,
                        validators=[
                            django.core.validators.MinValueValidator(Decimal("0.01")),
                            django.core.validators.MaxValueValidator(Decimal("1000000")),
                        ],
                        verbose_name="amount",
                    ),
                ),
                ("created_at", models.DateTimeField(auto_now_add=True, verbose_name="created at")),
                (
                    "group",
                    sora_remix.models.users.UserForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Its members share the budget.",
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to="auth.group",
                        verbose_name="group",
                    ),
                ),
                (
                    "user",
                    sora_remix.models.users.UserForeignKey(
                        blank=True,
                        db_constraint=False,
                        help_text="Leave group and person empty for a budget of the whole site.",
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget",
                "verbose_name_plural": "budgets",
                "ordering": ("pk",),
                "permissions": (("exceed_budget", "Can exceed budgets"),),
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="BudgetPeriod",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("starts_on", models.DateField()),
                ("used_millionths", models.BigIntegerField(default=0)),
                ("reached", models.PositiveSmallIntegerField(default=0)),
                (
                    "budget",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="periods",
                        to="sora_remix.budget",
                    ),
                ),
            ],
            options={
                "verbose_name": "budget period",
                "verbose_name_plural": "budget periods",
                "ordering": ("pk",),
                "default_permissions": (),
                "base_manager_name": "objects",
            },
        ),
        migrations.CreateModel(
            name="Reservation",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "at",
                    models.DateTimeField(
                        db_index=True, default=django.utils.timezone.now, verbose_name="when"
                    ),
                ),
                (
                    "by",
                    sora_remix.models.users.UserForeignKey(
                        db_constraint=False,
                        editable=False,
                        null=True,
                        on_delete=sora_remix.models.users.forget_user,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="who",
                    ),
                ),
                (
                    "periods",
                    models.ManyToManyField(
                        related_name="reservations", to="sora_remix.budgetperiod"
                    ),
                ),
            ],
            options={
                "verbose_name": "reservation",
                "verbose_name_plural": "reservations",
                "ordering": ("pk",),
                "default_permissions": (),
                "base_manager_name": "objects",
            },
        ),
        migrations.AddField(
            model_name="remix",
            name="reservation",
            field=models.ForeignKey(
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="remixes",
                to="sora_remix.reservation",
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("is_for_site", "period"), name="sora_remix_budget_one_for_site"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("group", "period"), name="sora_remix_budget_per_group"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.UniqueConstraint(
                fields=("user", "period"), name="sora_remix_budget_per_user"
            ),
        ),
        migrations.AddConstraint(
            model_name="budget",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("amount__gte", Decimal("0.01")), ("amount__lte", Decimal("1000000"))
                ),
                name="sora_remix_budget_amount",
            ),
        ),
        migrations.AddConstraint(
            model_name="budgetperiod",
            constraint=models.UniqueConstraint(
                fields=("budget", "starts_on"), name="sora_remix_budgetperiod_once"
            ),
        ),
    ]
