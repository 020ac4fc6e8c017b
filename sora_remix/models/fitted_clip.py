"""Clips that were made from a video so that an endpoint accepts them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Any, ClassVar, NamedTuple

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager, insert, key_parts
from ..decoding.containers import EXTENSIONS
from ..exceptions import InvalidTransition
from ..recipe import Recipe
from ..storage import MAX_KEY_LENGTH, MAX_NAME_LENGTH, app_storage
from .fields import ExactCharField, ExactTextField
from .files import OwnedFileField, OwnsFiles, stored_files_field
from .leased import Leased, LeasedQuerySet, released_until
from .status import UNSETTLED
from .video import Video


class ClipKey(NamedTuple):
    """By what a fitted clip is found again."""

    source: int
    """The primary key of the video."""
    made_from: str
    """The `key` of the video's file, which may be replaced."""
    recipe: str


class FittedClipQuerySet(LeasedQuerySet["FittedClip"]):
    def request(self, wanted: Collection[ClipKey]) -> dict[ClipKey, FittedClip]:
        """Return a clip for each key: one that is there already, or a new row to be made."""
        rows = (
            FittedClip(source_id=key.source, made_from=key.made_from, recipe=key.recipe)
            for key in wanted
        )
        insert(self, rows, ignore_conflicts=True)
        found = self._found(wanted)
        pks = [clip.pk for clip in found.values()]
        self.filter(pk__in=pks).update(last_used_at=timezone.now())
        failed = self.free().filter(pk__in=pks).exclude(error_code="")
        failed.update(error_code="", error_message="", **released_until(timezone.now()))
        return found

    def _found(self, wanted: Collection[ClipKey]) -> dict[ClipKey, FittedClip]:
        """Read the rows of these keys; a video has few clips."""
        sources = sorted({key.source for key in wanted})
        rows = (row for part in key_parts(sources) for row in self.filter(source__in=part))
        return {row.clip_key: row for row in rows if row.clip_key in wanted}

    def to_make(self) -> FittedClipQuerySet:
        """Keep clips that a worker still has to make."""
        return self.filter(file="", error_code="")

    def wanted(self) -> FittedClipQuerySet:
        """Keep clips that a remix waits for."""
        return self.filter(remixes__status__in=UNSETTLED).distinct()

    def hand_over(self, most: int) -> list[int]:
        """Choose clips to send a message for, so that at most so many are made at a time.

        Those of lost workers are counted as failed before they are handed over again.
        """
        begun = self.to_make().filter(leased_until__gt=timezone.now())
        free = most - begun.count()
        return self.to_make().wanted().filter(lease=None)._hand_over(free) if free > 0 else []

    def held_by_lost_workers(self) -> list[FittedClip]:
        """Return clips whose worker stopped while it was making them."""
        return self.to_make()._lost()

    def claim(self, pk: int) -> FittedClip | None:
        """Claim a clip, unless it is made or somebody makes it."""
        return next(iter(self.to_make().free().filter(pk=pk)._claim(1)), None)

    def forget_unused(self, kept_for: timedelta) -> None:
        """Delete clips that nothing has needed for so long."""
        old = self.free().filter(last_used_at__lt=timezone.now() - kept_for)
        old.exclude(remixes__status__in=UNSETTLED).delete()


class FittedClip(Leased, OwnsFiles):
    """A part of a video, or all of it, made to fit the limits of an endpoint.

    As an endpoint sees it, it is a clip like any other.
    """

    FILE_FIELDS: ClassVar[tuple[str, ...]] = ("file",)

    source = models.ForeignKey(Video, on_delete=models.CASCADE, related_name="fitted_clips")
    made_from = ExactCharField(max_length=MAX_KEY_LENGTH)
    """The `key` of the source's file."""
    recipe = ExactCharField(max_length=300)
    """A `Recipe` as text."""
    file = OwnedFileField(storage=app_storage, max_length=MAX_NAME_LENGTH, blank=True)
    """Empty until it is made."""
    container = ExactCharField(max_length=16, blank=True)
    video_codec = ExactCharField(max_length=32, blank=True)
    audio_codec = ExactCharField(max_length=32, blank=True)
    pixel_format = ExactCharField(max_length=32, blank=True)
    is_cut_off = models.BooleanField(default=False)
    duration = models.DecimalField(max_digits=9, decimal_places=3, null=True)
    width = models.PositiveIntegerField(null=True)
    height = models.PositiveIntegerField(null=True)
    fps = models.DecimalField(max_digits=7, decimal_places=3, null=True)
    size = models.PositiveBigIntegerField(null=True)
    seconds_done = models.DecimalField(max_digits=9, decimal_places=3, default=Decimal(0))
    """How much of it is made, while a worker makes it."""
    error_code = ExactCharField(max_length=100, blank=True)
    """Why it can't be made; empty while an attempt may still succeed."""
    error_message = ExactTextField(blank=True)
    last_used_at = models.DateTimeField(default=timezone.now)
    """When a remix last needed it."""
    stored_files = stored_files_field()

    objects = PrimaryManager.from_queryset(FittedClipQuerySet)()

    sora_id: ClassVar[str] = ""
    is_deleted_at_provider: ClassVar[bool] = False
    is_still: ClassVar[bool] = False

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        constraints = (
            models.UniqueConstraint(
                fields=("source", "made_from", "recipe"), name="sora_remix_fitted_clip_unique"
            ),
        )

    def __str__(self) -> str:
        return f"{self.source_id} {self.recipe}"

    @property
    def clip_key(self) -> ClipKey:
        return ClipKey(self.source_id, self.made_from, self.recipe)

    @property
    def steps(self) -> Recipe:
        """Return the recipe by which it is made."""
        return Recipe.from_text(self.recipe)

    @property
    def extension(self) -> str:
        """Return the kind of file, such as “.mp4”; empty until it is made."""
        return EXTENSIONS.get(self.container, "")

    def progressed(self, seconds: Decimal) -> None:
        """Note how much of it is made."""
        self._change(seconds_done=seconds)

    def made(self, name: str, facts: Mapping[str, Any]) -> None:
        """Note its file and the facts of that file."""
        self._change(
            file=name,
            stored_files=[name],
            last_used_at=timezone.now(),
            error_message="",
            **facts,
            **released_until(timezone.now()),
        )

    def postpone(self, due_at: Any, message: str = "") -> None:
        """Try again then, because this attempt failed with this message."""
        self._change(
            error_message=str(message), seconds_done=Decimal(0), **self._failed_until(due_at)
        )

    def release(self) -> None:
        """Let go of it, because no remix waits for it any more."""
        self._change(seconds_done=Decimal(0), **released_until(timezone.now()))

    def refused(self, code: str, message: str) -> None:
        """Note that it can't be made and that another attempt would not help."""
        self._change(
            error_code=code[:100], error_message=str(message), **released_until(timezone.now())
        )

    def _change(self, **changes: Any) -> None:
        """Change the row only while the caller's claim on it stands."""
        if not FittedClip.objects.filter(pk=self.pk, lease=self.lease).update(**changes):
            raise InvalidTransition(_("Another worker has taken over."))
        for name, value in changes.items():
            setattr(self, name, value)
