"""Videos: uploads, registered Sora generations, and what remixes made of them."""

from __future__ import annotations

from decimal import Decimal
from pathlib import PurePosixPath
from typing import ClassVar

from django.conf import settings
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..storage import app_storage, name_of_upload
from .files import OwnsFiles


def upload_name(video: Video, filename: str) -> str:
    """Return an unguessable name for an uploaded clip."""
    return name_of_upload("videos", filename)


class Video(OwnsFiles):
    """A clip in the site's storage, an earlier Sora generation at its provider, or both."""

    FILE_FIELDS: ClassVar[tuple[str, ...]] = ("file", "thumbnail", "spritesheet")

    title = models.CharField(_("title"), max_length=200)
    sora_id = models.CharField(
        _("Sora id"),
        max_length=200,
        blank=True,
        help_text=_("The “video_id” of a Sora generation made on fal."),
    )
    file = models.FileField(
        _("file"), upload_to=upload_name, storage=app_storage, max_length=200, blank=True
    )
    thumbnail = models.FileField(
        _("thumbnail"), storage=app_storage, max_length=200, blank=True, editable=False
    )
    spritesheet = models.FileField(
        _("sprite sheet"), storage=app_storage, max_length=200, blank=True, editable=False
    )
    duration = models.DecimalField(
        _("seconds"),
        max_digits=9,
        decimal_places=3,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.001"))],
        help_text=_("Read from the file where there is one."),
    )
    width = models.PositiveIntegerField(_("width"), null=True, blank=True, editable=False)
    height = models.PositiveIntegerField(_("height"), null=True, blank=True, editable=False)
    fps = models.DecimalField(
        _("frames per second"),
        max_digits=7,
        decimal_places=3,
        null=True,
        blank=True,
        editable=False,
    )
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True, blank=True, editable=False)
    is_deleted_at_provider = models.BooleanField(
        _("deleted at its provider"),
        default=False,
        help_text=_("Its provider no longer has it: it can't be remixed there."),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    class Meta:
        verbose_name = _("video")
        verbose_name_plural = _("videos")
        ordering = ("-pk",)
        permissions = (("remix_video", _("Can remix videos, which costs money")),)
        constraints = (
            models.UniqueConstraint(
                fields=("sora_id",),
                condition=~Q(sora_id=""),
                name="sora_remix_video_sora_id_unique",
                violation_error_message=_("A video with this Sora id is there already."),
            ),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def extension(self) -> str:
        """What the file's name ends in, as “.mp4”; empty when there is no file."""
        return PurePosixPath(self.file.name or "").suffix.lower()
