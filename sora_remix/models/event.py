"""The history of remixes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from .fields import ExactCharField, ExactTextField
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User


_gathered: ContextVar[list[RemixEvent] | None] = ContextVar("sora_remix_events", default=None)


@contextmanager
def gathered_events() -> Iterator[list[RemixEvent]]:
    """Gather the new entries, for the caller to insert with one query."""
    events: list[RemixEvent] = []
    token = _gathered.set(events)
    try:
        yield events
    finally:
        _gathered.reset(token)


class RemixEventQuerySet(models.QuerySet["RemixEvent"]):
    def merge_tries(self, remix: int) -> None:
        """Keep the first and the last of the tries to send a remix that ended in the same way.

        An account can be held for weeks, and tried all that time with the same remix.
        """
        sent = RemixEvent.Kind.SENT
        told = list(self.filter(remix=remix).order_by("-pk")[:5])
        ends = {(one.kind, one.detail) for one in told[::2]}
        if len(told) == 5 and len(ends) == 1 and {one.kind for one in told[1::2]} == {sent}:
            self.filter(pk__in=[one.pk for one in told[2:4]]).delete()


class RemixEvent(models.Model):
    """An entry in the history of a remix; `by` is empty for workers."""

    class Kind(models.TextChoices):
        REQUESTED = "requested", _("Requested.")
        """Its row was created; `detail` is the remix that it retries, if any."""
        EXCEEDED = "exceeded", _("Exceeded a budget.")
        """Somebody who may do so requested it; `detail` is what was missing, in dollars."""
        SENT = "sent", _("Sent to fal.")
        """Its POST is about to start."""
        NOT_SENT = "not_sent", _("Not sent: fal could not be reached. It will be sent later.")
        """Nothing is spent."""
        REQUEUED = "requeued", _("fal asked for it to be sent later.")
        """Nothing is spent."""
        HELD = "held", _("fal refused the site's key or account. It waits.")
        """Nothing is spent; `detail` says why, as the chain's `held_code` does."""
        ACCEPTED = "accepted", _("fal accepted it.")
        """`detail` is the request id."""
        REFUSED = "refused", _("fal refused it.")
        """It failed before fal had it; `detail` is the error code."""
        UNCONFIRMED = "unconfirmed", _("No answer came. fal may have it.")
        """It is unknown whether it is charged."""
        FOUND = "found", _("Found in fal's list of requests.")
        """`detail` is the request id."""
        CALLED = "called", _("fal confirmed that it has the remix.")
        """A webhook gave the request id, which is `detail`."""
        DOUBLED = "doubled", _("fal confirmed another request for it. You may have paid twice.")
        """`detail` is the other request id."""
        CANCEL_WISHED = "cancel_wished", _("Requested cancellation.")
        """fal has it, or may have it, and will be asked to stop."""
        CANCEL_ASKED = "cancel_asked", _("fal was asked to stop.")
        """fal may finish it anyway."""
        CANCELLED = "cancelled", _("Cancelled before it was sent.")
        """It will never be sent."""
        STOPPED = "stopped", _("fal stopped before it started.")
        """It was cancelled on request."""
        FINISHED = "finished", _("Finished at fal.")
        """Its result or its error can be collected."""
        STORED = "stored", _("The result was stored.")
        """It succeeded."""
        FAILED = "failed", _("Failed.")
        """`detail` is the error code."""
        BILL_FLAGGED = "bill_flagged", _("fal billed it unexpectedly.")
        """`detail` is the flag."""
        RETRIED = "retried", _("Retried: requested again as another remix.")
        """`detail` is the new remix."""
        COLLECTED_AGAIN = "collected_again", _("Collected the result again, free of charge.")
        """Nothing is bought."""
        ID_ENTERED = "id_entered", _("Entered its request id at fal.")
        """A person decided; `detail` is the request id."""
        GIVEN_UP = "given_up", _("Gave it up. It was never found out whether fal received it.")
        """A person decided."""
        SENT_AGAIN = "sent_again", _("Sent again as another remix. fal may charge for both.")
        """A person decided; `detail` is the new remix."""

    remix = models.ForeignKey("sora_remix.Remix", on_delete=models.CASCADE, related_name="events")
    at = models.DateTimeField(_("when"), default=timezone.now)
    by = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("who"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        related_name="+",
    )
    kind = ExactCharField(_("what"), max_length=20, choices=Kind)
    detail = ExactTextField(blank=True)
    """Data that belongs to this kind; pages turn it into a sentence."""

    objects = PrimaryManager.from_queryset(RemixEventQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("remix event")
        verbose_name_plural = _("remix events")
        ordering = ("pk",)
        indexes = (models.Index(fields=("kind", "at"), name="sora_remix_event_kind"),)

    def __str__(self) -> str:
        return self.get_kind_display()

    @classmethod
    def of(cls, remix: int, kind: str, detail: str = "", by: User | None = None) -> RemixEvent:
        """Return an unsaved entry for the remix with this primary key."""
        return cls(remix_id=remix, kind=kind, detail=detail, by_id=by.pk if by else None)

    def gather(self) -> bool:
        """Leave it to the `gathered_events()` that this is inside of; return False outside."""
        events = _gathered.get()
        if events is None:
            return False
        events.append(self)
        return True
