"""Files that a worker may have stored and that no video owns yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from ..exceptions import InvalidTransition
from ..storage import MAX_NAME_LENGTH
from .columns import RemixColumns
from .fields import ExactCharField
from .files import files_in_use
from .fitted_clip import FittedClip
from .status import UNSETTLED

ABANDONED_AFTER = timedelta(minutes=1)


class PendingFileQuerySet(models.QuerySet["PendingFile"]):
    def condemn_abandoned(self) -> list[str]:
        """Condemn names whose worker has stopped, so that no worker can use them; return them."""
        now = timezone.now()
        idle = Q(remix__leased_until__isnull=True) | Q(remix__leased_until__lt=now)
        over = ~Q(remix__status__in=UNSETTLED)
        of_remix = Q(remix__isnull=False) & (idle | over)
        unmade = Q(clip__leased_until__isnull=True) | Q(clip__leased_until__lt=now)
        of_clip = Q(remix__isnull=True) & unmade
        old = self.filter(of_remix | of_clip, created_at__lt=now - ABANDONED_AFTER)
        pks = list(old.values_list("pk", flat=True)[:1000])
        self.filter(pk__in=pks).update(is_condemned=True)
        return list(self.filter(pk__in=pks).values_list("name", flat=True))

    def rename(self, owner: RemixColumns | FittedClip, name: str, stored: str) -> None:
        """Record the name that the storage gave a file.

        Raise `InvalidTransition` if the file was condemned in the meantime.
        """
        if name != stored:
            column = "clip" if isinstance(owner, FittedClip) else "remix"
            mine = self.filter(**{column: owner.pk}, name=name, is_condemned=False)
            if not mine.update(name=stored):
                raise InvalidTransition(_("The file was removed before it could be used."))

    def take(self, clip: FittedClip, stored: str) -> None:
        """Let a clip own its file. Raise `InvalidTransition` if that was condemned before."""
        if not self.filter(clip=clip, name=stored, is_condemned=False).delete()[0]:
            raise InvalidTransition(_("The file was removed before it could be used."))

    def take_results(self, stored: Mapping[int, Sequence[str]]) -> None:
        """Let the results of these remixes own their files, in the caller's transaction.

        Raise `InvalidTransition` if one was condemned before.
        """
        names = [name for names in stored.values() for name in names]
        mine = self.filter(remix__in=[*stored], name__in=names, is_condemned=False)
        if mine.delete()[0] != len(names):
            raise InvalidTransition(_("The files were removed before they could be used."))

    def take_by_pk(self, pk: int) -> None:
        """Let a video own a file. Raise `InvalidTransition` if that was condemned before."""
        if not self.filter(pk=pk, is_condemned=False).delete()[0]:
            raise InvalidTransition(_("The file was removed before it could be used."))

    def condemn(self, pk: int) -> None:
        """Condemn a file that no video takes; the sweep removes it if it is there still."""
        self.filter(pk=pk).update(is_condemned=True)

    def unused(self, names: Iterable[str]) -> list[str]:
        """Return the names that no row of the app uses and no worker can still use."""
        names = list(names)
        used = files_in_use(names, self.db)
        used |= {*self.filter(name__in=names, is_condemned=False).values_list("name", flat=True)}
        return [name for name in names if name not in used]

    def forget(self, name: str) -> None:
        """Delete the row of a condemned name whose file is deleted."""
        self.filter(name=name, is_condemned=True).delete()


class PendingFile(models.Model):
    """The name of a file, committed before the file is stored, so that no orphan stays behind.

    A storage that names files by their content gives two remixes the same name.
    """

    remix = models.ForeignKey(
        "sora_remix.Remix", on_delete=models.CASCADE, null=True, related_name="pending_files"
    )
    """For whose result it is stored, unless it is a fitted clip."""
    clip = models.ForeignKey(FittedClip, on_delete=models.SET_NULL, null=True, related_name="+")
    name = ExactCharField(max_length=MAX_NAME_LENGTH, db_index=True)
    is_condemned = models.BooleanField(default=False)
    """Set before the file is deleted, so that a worker that is still alive can't use it."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = PrimaryManager.from_queryset(PendingFileQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name
