"""Batches: videos that an editor selected together, first as a draft."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import Truncator
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..clock import local, today
from ..database import PrimaryManager, alias, atomic, insert
from .fields import ExactCharField
from .users import UserForeignKey, forget_user
from .video import Video

if TYPE_CHECKING:
    from datetime import date

    from .users import User

NAME_LENGTH = 200
TITLE_IN_NAME = 80
DRAFT_LIFETIME = timedelta(days=7)


class RemixBatchQuerySet(models.QuerySet["RemixBatch"]):
    def drafts(self) -> RemixBatchQuerySet:
        return self.filter(confirmed_at__isnull=True)

    def start(
        self,
        videos: Iterable[int],
        *,
        by: User | None,
        parts: Mapping[int, tuple[str, str]] = {},
    ) -> RemixBatch:
        """Save a selection of videos, by primary key, as a draft named after the first of them.

        `parts` are the start and end of videos of which only a part is to be remixed.
        """
        pks = list(videos)
        batch = self.create(
            created_by_id=by.pk if by else None,
            name=_name_of_draft(pks),
            parts={str(pk): times for pk, times in parts.items()},
        )
        chosen = RemixBatch.videos.through
        insert(
            chosen.objects.using(alias()),
            (chosen(remixbatch_id=batch.pk, video_id=pk) for pk in pks),
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

    name = ExactCharField(
        _("name"),
        max_length=NAME_LENGTH,
        blank=True,
        default="",
        help_text=_("For example “Mountains at dusk, spring campaign”."),
    )
    videos = models.ManyToManyField(Video, verbose_name=_("videos"), related_name="+")
    parts = models.JSONField(default=dict, blank=True, editable=False)
    """Start and end, as typed, of videos of which only a part is remixed, by primary key."""
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
        default_permissions = ("change",)
        permissions = (
            ("confirm_any_draft", _("Can view, confirm and discard other people's drafts")),
        )

    def __str__(self) -> str:
        return self.name or self._made_name()

    def _made_name(self) -> str:
        """Return a name from the columns alone, so that lists need no more queries."""
        if self._state.adding:
            return gettext("Batch %(number)s") % {"number": self.pk}
        values = {"number": self.pk, "day": _in_words(local(self.created_at))}
        return gettext("Batch %(number)s, %(day)s") % values

    def confirm(self) -> bool:
        """Confirm the draft; of all calls in any process, only the first returns True."""
        now = timezone.now()
        if not RemixBatch.objects.drafts().filter(pk=self.pk).update(confirmed_at=now):
            return False
        self.confirmed_at = now
        return True


def _name_of_draft(videos: Sequence[int]) -> str:
    """Return a name from the first of these videos, their number, and today's date."""
    first = Video.objects.filter(pk__in=videos[:1]).values_list("title", flat=True).first()
    if not first:
        return ""
    more = len(videos) - 1
    values = {
        "title": Truncator(first).chars(TITLE_IN_NAME),
        "more": more,
        "day": _in_words(today()),
    }
    message = gettext("%(title)s, %(day)s")
    if more:
        message = ngettext(
            "%(title)s and %(more)d more, %(day)s", "%(title)s and %(more)d more, %(day)s", more
        )
    return (message % values)[:NAME_LENGTH]


def _in_words(day: date) -> str:
    return date_format(day, "MONTH_DAY_FORMAT")
