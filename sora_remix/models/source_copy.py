"""Copies at fal of files in the storage."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ..database import PrimaryManager, insert, key_parts
from ..exceptions import InvalidTransition
from ..storage import MAX_KEY_LENGTH
from .fields import ExactCharField, ExactTextField
from .leased import Leased, LeasedQuerySet, released_until

LEAST_LIFETIME = timedelta(hours=2)
"""How long a copy must still live to be used: fal loads it only after a wait in its queue."""
KEPT_FOR = timedelta(days=2)
"""How long rows of expired copies stay."""
NO_COPY = {"url": "", "expires_at": None, "error_code": "", "error_message": ""}


class SourceCopyQuerySet(LeasedQuerySet["SourceCopy"]):
    def request(self, names: Iterable[str]) -> None:
        """Request a copy of each of these files unless fal has one or one is on its way."""
        # Sorted, so that two requests for the same files don't lock each other's rows.
        names = sorted({*names})
        insert(self, (SourceCopy(name=name) for name in names), ignore_conflicts=True)
        expired = Q(expires_at__lte=timezone.now() + LEAST_LIFETIME)
        stale = self.free().filter(expired | ~Q(error_code=""))
        for part in key_parts(names):
            stale.filter(name__in=part).update(**NO_COPY, **released_until(timezone.now()))

    def urls(self, names: Iterable[str]) -> dict[str, str]:
        """Return the URLs of copies that live long enough, by name."""
        living = self.filter(name__in=set(names), expires_at__gt=timezone.now() + LEAST_LIFETIME)
        return dict(living.values_list("name", "url"))

    def refusals(self, names: Iterable[str]) -> dict[str, SourceCopy]:
        """Return those of these files that could not be copied, by name."""
        return {one.name: one for one in self.filter(name__in=set(names)).exclude(error_code="")}

    def discard(self, names: Iterable[str]) -> None:
        """Delete the copies of these files, which fal could not load."""
        self.free().filter(name__in=set(names)).delete()

    def to_upload(self) -> SourceCopyQuerySet:
        """Keep files that fal does not have yet."""
        return self.filter(expires_at__isnull=True, error_code="")

    def hand_over(self, most: int) -> list[int]:
        """Choose files to send a message for; again only if that message was lost."""
        return self.to_upload()._hand_over(most)

    def held_by_lost_workers(self) -> list[SourceCopy]:
        """Return files whose worker stopped while it was uploading them."""
        return self.to_upload()._lost()

    def awaits_worker(self) -> bool:
        """Return whether messages to upload files are waiting for a worker."""
        return self.to_upload().free().filter(failures=0).exists()

    def claim(self, pks: Iterable[int]) -> list[SourceCopy]:
        """Claim those of these files that fal does not have and that nobody is uploading."""
        pks = list(pks)
        return self.to_upload().free().filter(pk__in=pks).order_by("pk")._claim(len(pks))

    def forget_old(self) -> None:
        """Delete copies that expired, or that nobody requested, long ago."""
        past = timezone.now() - KEPT_FOR
        self.free().filter(expires_at__lt=past).delete()
        self.free().filter(expires_at__isnull=True, due_at__lt=past).delete()


class SourceCopy(Leased):
    """A file in the storage, and its copy at fal if there is one."""

    name = ExactCharField(max_length=MAX_KEY_LENGTH, unique=True)
    """The `key` of the file; in the storage of the app, usually just its name."""
    url = ExactTextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    """When fal deletes the copy; null while fal has none."""
    error_code = ExactCharField(max_length=100, blank=True)
    """Why it can't be uploaded; empty while an attempt may still succeed."""
    error_message = ExactTextField(blank=True)
    """With an `error_code`, why it can't be uploaded; else why the last attempt failed."""

    objects = PrimaryManager.from_queryset(SourceCopyQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    def uploaded(self, url: str, expires_at: datetime) -> None:
        """Note that fal has a copy under this URL until then."""
        changes = {"url": url, "expires_at": expires_at, "error_message": ""}
        self._change(**changes, **released_until(timezone.now()))

    def postpone(self, due_at: datetime, message: str = "") -> None:
        """Try again then, because this attempt failed with this message."""
        self._change(error_message=str(message), **self._failed_until(due_at))

    def held(self) -> None:
        """Wait, because fal accepts nothing from the account; that counts as no failure."""
        self._change(error_message="", **released_until(timezone.now()))

    def refused(self, code: str, message: str) -> None:
        """Note that it can't be uploaded and that another attempt would not help."""
        self._change(
            error_code=code[:100], error_message=str(message), **released_until(timezone.now())
        )

    def _change(self, **changes: Any) -> None:
        """Change the row only while the caller's claim on it stands."""
        if not SourceCopy.objects.filter(pk=self.pk, lease=self.lease).update(**changes):
            raise InvalidTransition
        for name, value in changes.items():
            setattr(self, name, value)
