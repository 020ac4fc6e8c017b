"""The columns of a remix."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .batch import RemixBatch
from .bill import BillFlag
from .fields import BlankAsNullCharField, ExactCharField, ExactTextField
from .fitted_clip import ClipKey, FittedClip
from .leased import Leased, released_until
from .reservation import Reservation
from .status import Status
from .users import UserForeignKey, forget_user
from .video import Video

if TYPE_CHECKING:
    TextColumn = ExactCharField[str, str]
else:
    TextColumn = ExactCharField


FIRST_CHECK = timedelta(seconds=2)
"""When fal is first asked about a remix that it has accepted, because it may fail at once."""
NO_PROGRESS: dict[str, Any] = {"queue_position": None, "progress_log": []}


def completed_now() -> dict[str, Any]:
    """Return the columns of a remix that fal has just finished."""
    now = timezone.now()
    return {"completed_at": now, "error_message": "", **NO_PROGRESS, **released_until(now)}


class PromptDigest(TextColumn):
    """Hold the SHA-256 of the prompt as typed, in hex.

    It groups the remixes of a batch, because some databases treat different texts as equal.
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


class RemixColumns(Leased):
    """The columns of a remix."""

    is_probe = False
    """Whether this worker sends it to try an account that fal has refused; not a column."""
    check_after = FIRST_CHECK
    """When fal is first asked about it, once it has accepted it; not a column."""

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
    recipe = ExactCharField(max_length=300, blank=True, editable=False)
    """How the source is cut and changed for it, as the text of a `Recipe`; empty: not at all."""
    clip = models.ForeignKey(
        FittedClip,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="remixes",
    )
    """What that made of the source; null with a `recipe` once it was deleted."""
    prompt = ExactTextField(_("prompt"))
    prompt_template = ExactTextField(_("prompt as typed"), blank=True, editable=False)
    """The prompt with its placeholders; empty if there were none."""
    prompt_digest = PromptDigest()
    endpoint = ExactCharField(_("model"), max_length=100)
    endpoint_id = ExactCharField(max_length=200, editable=False)
    """The endpoint's id at fal, kept so that a changed or removed record loses no result."""
    options = models.JSONField(_("options"), default=dict, blank=True)
    status = ExactCharField(_("status"), max_length=12, choices=Status, default=Status.QUEUED)
    request_id = BlankAsNullCharField(_("request id"), max_length=255, blank=True, editable=False)
    other_request_ids = models.JSONField(default=list, editable=False)
    """Other ids that fal has confirmed for it: evidence of a double charge."""
    is_ready = models.BooleanField(default=True, editable=False)
    """False while fal lacks files that it needs."""
    arguments = models.JSONField(null=True, editable=False)
    """The body that was sent, used to find it in fal's list of requests."""
    estimated_cost = models.DecimalField(
        _("estimated cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    price = models.JSONField(default=dict, editable=False)
    """The prices that the estimate was calculated from."""
    billable_units = models.DecimalField(
        _("billable units"), max_digits=18, decimal_places=6, null=True, editable=False
    )
    """What fal charges for, in the units of its list price."""
    calculated_cost = models.DecimalField(
        _("calculated cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    """fal's units times its list price; the price may be that of the model's lowest tier."""
    billed_cost = models.DecimalField(
        _("billed cost"), max_digits=14, decimal_places=6, null=True, blank=True
    )
    """What fal's billing events for its request ids add up to."""
    billed_at = models.DateTimeField(null=True, editable=False)
    """When each of its request ids was first found in fal's billing events."""
    bill_due_at = models.DateTimeField(null=True, editable=False)
    """When fal's billing events are read for it next; null: not any more, or not yet."""
    bills_asked = models.PositiveSmallIntegerField(default=0, editable=False)
    """How many times fal had no complete bill for it."""
    bill_flag = ExactCharField(
        _("unexpected bill"), max_length=20, choices=BillFlag, blank=True, editable=False
    )
    """Why the bill was not expected; empty: it was."""
    reservation = models.ForeignKey(
        Reservation, on_delete=models.PROTECT, null=True, editable=False, related_name="remixes"
    )
    """The confirmation that it was requested in; null for remixes from before budgets."""
    reserved_cost = models.DecimalField(max_digits=14, decimal_places=6, null=True, editable=False)
    """What it was expected to cost at most; null if nobody knew."""
    counted_cost = models.DecimalField(max_digits=14, decimal_places=6, default=0, editable=False)
    """What counts in its budgets now: the reserved cost, then what is known best."""
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
    """When a worker learned that fal had finished."""
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    cancel_requested_at = models.DateTimeField(
        _("cancellation requested at"), null=True, blank=True
    )
    cancel_asked_at = models.DateTimeField(null=True, editable=False)
    """When fal was asked to cancel it."""
    queue_position = models.PositiveIntegerField(null=True, editable=False)
    """How many requests are ahead of it in fal's queue."""
    progress_log = models.JSONField(default=list, editable=False)
    """The last lines of fal's log, while fal works on it."""

    class Meta:
        abstract = True

    @property
    def request_ids(self) -> list[str]:
        """Return all ids under which fal has it."""
        return [one for one in (self.request_id, *map(str, self.other_request_ids)) if one]

    @property
    def source_object(self) -> models.Model | None:
        """Return the site's object whose video it remixes, or a remix of that; None without one.

        This reads the object from the database each time.
        """
        first = self.source.root
        return self.source.source_object or (first.source_object if first else None)

    @property
    def clip_key(self) -> ClipKey:
        """Return by what its clip is found, if it has a recipe."""
        return ClipKey(self.source_id, self.source.stored_file().key, self.recipe)
