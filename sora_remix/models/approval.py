"""Approval: whether a person lets the site show a row."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidTransition
from .fields import ExactCharField, ExactTextField
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User


OVERTAKEN = _("Someone else has changed it or decided on it in the meantime.")


class Approval(models.TextChoices):
    """A person's decision about a video."""

    NEW = "new", _("new")
    """Nobody has decided; the site does not show it."""
    APPROVED = "approved", _("approved")
    """The site may show it."""
    REJECTED = "rejected", _("rejected")
    """The site must not show it; its files may be cleared."""


def decision(approval: str, by: User | None, note: str = "") -> dict[str, Any]:
    """Return the columns that record a decision."""
    return {
        "approval": approval,
        "approval_note": note,
        "decided_by": by.pk if by else None,
        "decided_at": timezone.now(),
    }


class Approvable(models.Model):
    """A row that the site shows only after a person has approved it."""

    SHOWN_FIELDS: ClassVar[tuple[str, ...]]
    """Columns that visitors of the site see; a decision is about their values."""

    approval = ExactCharField(
        _("approval"),
        max_length=8,
        choices=Approval,
        default=Approval.NEW,
        db_index=True,
        editable=False,
    )
    approval_note = ExactTextField(_("approval note"), blank=True, editable=False)
    decided_by = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("decided by"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True

    @property
    def is_approved(self) -> bool:
        """Whether the site may show it."""
        return self.approval == Approval.APPROVED

    @property
    def revision(self) -> str:
        """Return 12 characters that identify what the site shows and the decision about it.

        They depend on the site's secret, so nobody can craft other content with the same ones.
        """
        names = ("approval", *self.SHOWN_FIELDS)
        shown = json.dumps([str(getattr(self, name) or "") for name in names])
        digest = salted_hmac("sora_remix.revision", shown, algorithm="sha256").digest()
        return urlsafe_b64encode(digest[:9]).decode()

    def approve(self, *, by: User | None = None, note: str = "", seen: str | None = None) -> None:
        """Let the site show the `revision` that was `seen`, by default that of this instance.

        Raise `InvalidTransition` if somebody has changed it or decided about it since.
        """
        self._decide(Approval.APPROVED, by, note, seen)

    def reject(self, *, by: User | None = None, note: str = "", seen: str | None = None) -> None:
        """Reject the `revision` that was `seen`, by default that of this instance.

        Raise `InvalidTransition` if somebody has changed it or decided about it since.
        """
        self._decide(Approval.REJECTED, by, note, seen)

    def _decide(self, approval: Approval, by: User | None, note: str, seen: str | None) -> None:
        changes = decision(approval, by, note)
        rows: Any = type(self)._default_manager.all()
        if not rows.write_decision(changes, {self.pk: self.revision if seen is None else seen}):
            raise InvalidTransition(OVERTAKEN)
        self.decided_by_id = changes.pop("decided_by")
        for name, value in changes.items():
            setattr(self, name, value)
