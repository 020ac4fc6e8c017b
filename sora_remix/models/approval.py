"""Whether a video may be shown on the site: what a person decided, and when."""

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
    from .batch import User


OVERTAKEN = _("Someone else has changed it or decided on it in the meantime.")


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

    SHOWN_FIELDS: ClassVar[tuple[str, ...]]
    """Columns of what visitors of the site see: a decision is about these values."""

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
        """Return 12 characters that stand for what the site shows of it and what was decided.

        They are made with the site's secret: nobody can find another content with the same ones.
        """
        names = ("approval", *self.SHOWN_FIELDS)
        shown = json.dumps([str(getattr(self, name) or "") for name in names])
        digest = salted_hmac("sora_remix.revision", shown, algorithm="sha256").digest()
        return urlsafe_b64encode(digest[:9]).decode()

    def approve(self, *, by: User | None = None, note: str = "", seen: str | None = None) -> None:
        """Let the site show it as it was `seen`: its `revision`, by default of this instance.

        Raise `InvalidTransition` when somebody has changed it or decided about it since.
        """
        self._decide(Approval.APPROVED, by, note, seen)

    def reject(self, *, by: User | None = None, note: str = "", seen: str | None = None) -> None:
        """Keep the site from showing it as it was `seen`: its `revision`, by default as read.

        Raise `InvalidTransition` when somebody has changed it or decided about it since.
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
