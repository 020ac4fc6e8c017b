"""Files that a worker may have written and that no video owns yet."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..database import PrimaryManager
from .status import UNSETTLED

ABANDONED = timedelta(minutes=1)


class PendingFileQuerySet(models.QuerySet["PendingFile"]):
    def condemn_abandoned(self) -> list[str]:
        """Choose the names that nobody will use any more; from here on nobody can."""
        now = timezone.now()
        idle = Q(remix__leased_until__isnull=True) | Q(remix__leased_until__lt=now)
        over = ~Q(remix__status__in=UNSETTLED)
        old = self.filter(idle | over, created_at__lt=now - ABANDONED)
        pks = list(old.values_list("pk", flat=True)[:1000])
        self.filter(pk__in=pks).update(is_condemned=True)
        return list(self.filter(pk__in=pks).values_list("name", flat=True))

    def removed(self, name: str) -> None:
        """Forget a name whose file is gone."""
        self.filter(name=name, is_condemned=True).delete()


class PendingFile(models.Model):
    """A name in the storage, written down before the file is: a killed worker leaves no orphan."""

    remix = models.ForeignKey("Remix", on_delete=models.CASCADE, related_name="pending_files")
    name = models.CharField(max_length=200, unique=True)
    is_condemned = models.BooleanField(default=False)
    """Set before the file is deleted, so that its worker, if it lives, can't use it any more."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PrimaryManager.from_queryset(PendingFileQuerySet)()

    class Meta:
        base_manager_name = "objects"

    def __str__(self) -> str:
        return self.name
