"""Whether a video may be shown on the site: what a person decided, and when."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..exceptions import InvalidTransition
from .fields import ExactCharField, ExactTextField
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .batch import User


class Approval(models.TextChoices):
    """What a person has decided about a video."""

    NEW = "new", _("new")
    """Nobody has decided: it is not shown on the site."""
    APPROVED = "approved", _("approved")
    """It may be shown on the site."""
    REJECTED = "rejected", _("rejected")
    """It is not to be shown; its files may be cleared from the storage."""


def decision(approval: str, by: User | None, note: str = "") -> dict[str, Any]:
    """Return what a row keeps of a decision."""
    return {
        "approval": approval,
        "approval_note": note,
        "decided_by": by.pk if by else None,
        "decided_at": timezone.now(),
    }


class Approvable(models.Model):
    """A row that the site shows once a person has approved it."""

    approval = ExactCharField(
        _("approval"),
        max_length=8,
        choices=Approval,
        default=Approval.NEW,
        db_index=True,
        editable=False,
    )
    approval_note = ExactTextField(_("note on the approval"), blank=True, editable=False)
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

    def approve(self, *, by: User | None = None, note: str = "") -> None:
        """Let the site show it.

        Raise `InvalidTransition` when somebody has decided since this instance was read.
        """
        self._decide(Approval.APPROVED, by, note)

    def reject(self, *, by: User | None = None, note: str = "") -> None:
        """Keep the site from showing it.

        Raise `InvalidTransition` when somebody has decided since this instance was read.
        """
        self._decide(Approval.REJECTED, by, note)

    def _decide(self, approval: Approval, by: User | None, note: str) -> None:
        changes = decision(approval, by, note)
        as_seen = type(self)._default_manager.filter(pk=self.pk, approval=self.approval)
        if not as_seen.filter(**self._still_there()).update(**changes):
            raise InvalidTransition(_("Somebody else has decided about it meanwhile."))
        self.decided_by_id = changes.pop("decided_by")
        for name, value in changes.items():
            setattr(self, name, value)

    def _still_there(self) -> dict[str, Any]:
        """Return lookups for what it takes to be decided about."""
        return {}
