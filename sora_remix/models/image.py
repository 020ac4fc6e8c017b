"""Reference images: uploaded with a draft, and named in the options of its remixes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager, atomic
from ..storage import MAX_NAME_LENGTH, app_storage
from .batch import RemixBatch
from .fields import ExactCharField
from .files import OwnedFileField, OwnsFiles, stored_files_field


class ReferenceImageQuerySet(models.QuerySet["ReferenceImage"]):
    @atomic()
    def discard(self, batch: RemixBatch, pks: Iterable[int]) -> None:
        """Delete images of a draft; a confirmed batch keeps them, because its remixes use them."""
        if RemixBatch.objects.select_for_update().drafts().filter(pk=batch.pk).exists():
            self.filter(batch=batch, pk__in=list(pks)).delete()


class ReferenceImage(OwnsFiles):
    """A picture that an endpoint gets with the video; ordered by upload."""

    FILE_FIELDS: ClassVar[tuple[str, ...]] = ("file",)

    batch = models.ForeignKey(
        RemixBatch, verbose_name=_("batch"), on_delete=models.CASCADE, related_name="images"
    )
    file = OwnedFileField(_("file"), storage=app_storage, max_length=MAX_NAME_LENGTH)
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    size = models.PositiveBigIntegerField(_("size in bytes"))
    digest = ExactCharField(max_length=64, editable=False)
    """SHA-256 of its bytes: a draft keeps identical images once."""
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    stored_files = stored_files_field()

    objects = PrimaryManager.from_queryset(ReferenceImageQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("reference image")
        verbose_name_plural = _("reference images")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(
                fields=("batch", "digest"), name="sora_remix_referenceimage_once"
            ),
        )

    def __str__(self) -> str:
        return str(self.file.name)

    @property
    def extension(self) -> str:
        """Return the extension of the file name, such as “.png”."""
        return PurePosixPath(str(self.file.name)).suffix
