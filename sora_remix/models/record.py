"""What stands on the row of a remix, and how a row changes: with what is told of it, or not."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import atomic
from ..exceptions import InvalidTransition
from .batch import RemixBatch
from .event import RemixEvent
from .fields import BlankAsNullCharField, ExactCharField, ExactTextField
from .leased import Leased
from .queryset import RemixQuerySet
from .status import Status
from .users import UserForeignKey, forget_user
from .video import Video

if TYPE_CHECKING:
    from .batch import User

    TextColumn = ExactCharField[str, str]
else:
    TextColumn = ExactCharField


class PromptDigest(TextColumn):
    """Hold the SHA-256 of the prompt as typed, in hex, which it takes from the row itself.

    By it the remixes of a batch are grouped: some databases take texts for equal that differ.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "max_length": 64, "editable": False})

    def deconstruct(self) -> tuple[str, str, Sequence[Any], dict[str, Any]]:
        """Be a plain column in migrations."""
        name, _path, args, options = super().deconstruct()
        return name, "sora_remix.models.fields.ExactCharField", args, options

    def pre_save(self, model_instance: Any, add: bool) -> str:
        typed = model_instance.prompt_template or model_instance.prompt
        digest = hashlib.sha256(typed.encode("utf-8", "surrogatepass")).hexdigest()
        setattr(model_instance, self.attname, digest)
        return digest


class RemixRecord(Leased):
    """The columns of a remix."""

    key = models.UUIDField(_("key"), default=uuid.uuid4, unique=True, editable=False)
    source = models.ForeignKey(
        Video, verbose_name=_("source"), on_delete=models.PROTECT, related_name="remixes"
    )
    result = models.OneToOneField(
        Video,
        verbose_name=_("result"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="remix",
    )
    prompt = ExactTextField(_("prompt"))
    prompt_template = ExactTextField(_("prompt as typed"), blank=True, editable=False)
    """With its placeholders, from which the prompt was made; empty where both are the same."""
    prompt_digest = PromptDigest()
    endpoint = ExactCharField(_("endpoint"), max_length=100)
    endpoint_id = ExactCharField(max_length=200, editable=False)
    """fal's id when it was asked for: a record that changes or goes must not lose a result."""
    options = models.JSONField(_("options"), default=dict, blank=True)
    status = ExactCharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    request_id = BlankAsNullCharField(_("request id"), max_length=255, blank=True, editable=False)
    other_request_ids = models.JSONField(default=list, editable=False)
    """Ids under which fal was heard to have it as well: evidence of a double charge."""
    is_ready = models.BooleanField(default=True, editable=False)
    """False while fal does not have the files that are sent with it."""
    arguments = models.JSONField(null=True, editable=False)
    """The body as it was sent, by which fal's list of requests can be searched."""
    estimated_cost = models.DecimalField(
        _("estimated cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    price = models.JSONField(default=dict, editable=False)
    """The figures that the estimate rests on, as they were when it was asked for."""
    billable_units = models.DecimalField(
        _("billable units"), max_digits=18, decimal_places=6, null=True, editable=False
    )
    """What fal has counted for its bill, in the units of its price."""
    billed_cost = models.DecimalField(
        _("billed cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    error_code = ExactCharField(_("error code"), max_length=100, blank=True)
    error_message = ExactTextField(_("error"), blank=True)
    requested_by = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("requested by"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    batch = models.ForeignKey(
        RemixBatch,
        verbose_name=_("batch"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="remixes",
    )
    retry_of = models.ForeignKey(
        "sora_remix.Remix",
        verbose_name=_("retry of"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="retries",
    )
    created_at = models.DateTimeField(_("requested at"), auto_now_add=True)
    submitted_at = models.DateTimeField(_("sent at"), null=True, blank=True)
    completed_at = models.DateTimeField(_("completed at"), null=True, blank=True)
    """When fal was seen to be done with it."""
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(
        _("cancellation requested at"), null=True, blank=True
    )
    cancel_asked_at = models.DateTimeField(null=True, editable=False)
    """When fal was asked to cancel it."""
    queue_position = models.PositiveIntegerField(null=True, editable=False)
    """How many requests are before it in fal's queue, while it waits there."""
    progress_log = models.JSONField(default=list, editable=False)
    """The last lines that fal's runner wrote, while it works."""

    class Meta:
        abstract = True

    @classmethod
    def _rows(cls) -> RemixQuerySet:
        return cast(RemixQuerySet, cls._default_manager.all())

    def _event(self, kind: str, detail: str = "", by: User | None = None) -> RemixEvent:
        return RemixEvent.of(self.pk, kind, detail, by)

    def _move(
        self, sources: Sequence[str], event: RemixEvent | None = None, **changes: Any
    ) -> None:
        """Change the row in one UPDATE that names the states it may leave."""
        self._update(self._rows().filter(status__in=sources), changes, event)

    def _move_mine(
        self, sources: Sequence[str], event: RemixEvent | None = None, **changes: Any
    ) -> None:
        """Change the row only while the caller's claim on it stands."""
        self._update(self._rows().filter(status__in=sources, lease=self.lease), changes, event)

    def _update(
        self, rows: RemixQuerySet, changes: dict[str, Any], event: RemixEvent | None = None
    ) -> None:
        """Change the row and write down what happened, or neither."""
        if event is None:
            has_moved = bool(rows.filter(pk=self.pk).update(**changes))
        else:
            # Without a savepoint: what is refused is only told of once this is over.
            with atomic(savepoint=False):
                has_moved = bool(rows.filter(pk=self.pk).update(**changes))
                if has_moved:
                    event.save()
        if not has_moved:
            raise InvalidTransition
        for name, value in changes.items():
            setattr(self, name, value)
