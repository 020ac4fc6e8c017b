"""Batches: videos that an editor selected together, first as a draft."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager, atomic
from .users import UserForeignKey, forget_user
from .video import Video

if TYPE_CHECKING:
    from .users import User

DRAFT_LIFETIME = timedelta(days=7)


class RemixBatchQuerySet(models.QuerySet["RemixBatch"]):
    def drafts(self) -> RemixBatchQuerySet:
        return self.filter(confirmed_at__isnull=True)

    def start(self, videos: Iterable[int], *, by: User | None) -> RemixBatch:
        """Save a selection of videos, by primary key, as a draft."""
        batch = self.create(created_by_id=by.pk if by else None)
        chosen = RemixBatch.videos.through
        chosen.objects.bulk_create(
            (chosen(remixbatch_id=batch.pk, video_id=pk) for pk in videos), batch_size=1000
        )
        return batch

    def forget_old_drafts(self) -> int:
        """Delete drafts that nobody confirmed within a week."""
        return self.filter(created_at__lt=timezone.now() - DRAFT_LIFETIME).delete_drafts()

    @atomic()
    def delete_drafts(self) -> int:
        """Delete drafts, and return how many; one that is confirmed first stays."""
        drafts = self.drafts().order_by().select_for_update().values_list("pk", flat=True)
        rows = self.model._default_manager.filter(pk__in=list(drafts))
        return rows.delete()[1].get(self.model._meta.label, 0)


class RemixBatch(models.Model):
    """A selection of videos, and the remixes requested from it once it is confirmed."""

    videos = models.ManyToManyField(Video, verbose_name=_("videos"), related_name="+")
    created_by = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("created by"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="+",
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)
    confirmed_at = models.DateTimeField(_("confirmed at"), null=True, blank=True)

    objects = PrimaryManager.from_queryset(RemixBatchQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("remix batch")
        verbose_name_plural = _("remix batches")
        ordering = ("-pk",)
        default_permissions = ()
        permissions = (
            ("confirm_any_draft", _("Can view, confirm and discard other people's drafts")),
        )

    def __str__(self) -> str:
        return str(_("Batch %(number)s") % {"number": self.pk})

    def confirm(self) -> bool:
        """Confirm the draft; of all calls in any process, only the first returns True."""
        now = timezone.now()
        if not RemixBatch.objects.drafts().filter(pk=self.pk).update(confirmed_at=now):
            return False
        self.confirmed_at = now
        return True
