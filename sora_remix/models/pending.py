"""Files that a worker may have written and that no video owns yet."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from ..exceptions import InvalidTransition
from ..storage import MAX_NAME_LENGTH
from .fields import ExactCharField
from .files import files_in_use
from .status import UNSETTLED

if TYPE_CHECKING:
    from .remix import Remix

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

    def rename(self, remix: Remix, name: str, stored: str) -> None:
        """Note the name that the storage gave a file.

        Raise `InvalidTransition` if the file was condemned since its name was written down.
        """
        if name != stored:
            mine = self.filter(remix=remix, name=name, is_condemned=False)
            if not mine.update(name=stored):
                raise InvalidTransition(_("The file was removed before it could be used."))

    def unused(self, names: Iterable[str]) -> list[str]:
        """Keep the names that no row of the app uses and no worker can use any more."""
        names = list(names)
        used = files_in_use(names, self.db)
        used |= {*self.filter(name__in=names, is_condemned=False).values_list("name", flat=True)}
        return [name for name in names if name not in used]

    def removed(self, name: str) -> None:
        """Forget a name whose file is gone."""
        self.filter(name=name, is_condemned=True).delete()


class PendingFile(models.Model):
    """A name in the storage, written down before the file is: a killed worker leaves no orphan.

    A storage that names files by their content gives two remixes the same name.
    """

    remix = models.ForeignKey("Remix", on_delete=models.CASCADE, related_name="pending_files")
    name = ExactCharField(max_length=MAX_NAME_LENGTH, db_index=True)
    is_condemned = models.BooleanField(default=False)
    """Set before the file is deleted, so that its worker, if it lives, can't use it any more."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PrimaryManager.from_queryset(PendingFileQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
