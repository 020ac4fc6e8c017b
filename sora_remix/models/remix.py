"""Remixes: one video, one prompt, one charge at most."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from .fields import UniqueUnlessBlank
from .queryset import RemixQuerySet
from .status import Status
from .transitions import RemixTransitions


class Remix(RemixTransitions):
    """One video, one prompt, one charge at most."""

    Status = Status

    objects = PrimaryManager.from_queryset(RemixQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("remix")
        verbose_name_plural = _("remixes")
        ordering = ("-pk",)
        default_permissions = ("view",)
        permissions = (
            ("cancel_remix", _("Can cancel remixes")),
            ("retry_remix", _("Can retry remixes and collect them again")),
            ("decide_unconfirmed", _("Can decide on unconfirmed remixes")),
            ("view_exchange", _("Can view requests to fal and its answers")),
            ("view_costs", _("Can view costs")),
        )
        constraints = (
            # A second click finds no row to lock under some isolation levels; this one it finds.
            models.UniqueConstraint(fields=("retry_of",), name="sora_remix_remix_retried_once"),
            UniqueUnlessBlank(fields=("request_id",), name="sora_remix_remix_request_id_unique"),
        )
        indexes = (
            models.Index(fields=("status", "due_at"), name="sora_remix_remix_due"),
            # For lists by status, the newest first: SQLite and MySQL sorted all rows without it.
            models.Index(fields=("status",), name="sora_remix_remix_status"),
            models.Index(fields=("bill_due_at",), name="sora_remix_remix_bill_due"),
            models.Index(fields=("bill_flag",), name="sora_remix_remix_bill_flag"),
            models.Index(fields=("created_at",), name="sora_remix_remix_created"),
        )

    def __str__(self) -> str:
        return str(_("Remix %(number)s") % {"number": self.pk})
