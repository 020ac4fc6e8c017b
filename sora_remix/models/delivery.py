"""Files of the storage that fal has, or is to have, a copy of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.utils import timezone

from ..database import PrimaryManager
from ..exceptions import InvalidTransition
from .fields import ExactCharField, ExactTextField
from .leased import Leased, LeasedQuerySet, step

FRESH = timedelta(hours=2)
"""What must be left of a copy's life: fal may fetch it only after a wait in its queue."""
KEPT = timedelta(days=2)


class DeliveryQuerySet(LeasedQuerySet["Delivery"]):
    def order(self, names: Iterable[str]) -> None:
        """See to it that fal gets these files, once each; as often as anybody likes."""
        names = set(names)
        self.bulk_create((Delivery(name=name) for name in names), ignore_conflicts=True)
        old = self.free().filter(name__in=names)
        stale = old.filter(expires_at__lte=timezone.now() + FRESH) | old.exclude(error_code="")
        stale.update(**_anew(), **step(timezone.now()))

    def urls(self, names: Iterable[str]) -> dict[str, str]:
        """Return where fal has these files, as far as it has them for a while still."""
        there = self.filter(name__in=set(names), expires_at__gt=timezone.now() + FRESH)
        return dict(there.values_list("name", "url"))

    def refusals(self, names: Iterable[str]) -> dict[str, Delivery]:
        """Return those of these files that could not be delivered, by name."""
        return {one.name: one for one in self.filter(name__in=set(names)).exclude(error_code="")}

    def lost(self, names: Iterable[str]) -> None:
        """Forget the copies of these files, which fal could not load: the next is made anew."""
        self.free().filter(name__in=set(names)).delete()

    def to_deliver(self) -> DeliveryQuerySet:
        """Keep those that fal does not have yet."""
        return self.filter(expires_at__isnull=True, error_code="")

    def hand_over(self, most: int) -> list[int]:
        """Choose files to send a message for; again only when that one got lost."""
        return self.to_deliver()._hand_over(most)

    def held_by_lost_workers(self) -> list[Delivery]:
        """Return those that a worker was bringing to fal when it was lost."""
        return self.to_deliver()._lost()

    def awaits_worker(self) -> bool:
        """Tell whether messages to deliver are under way that no worker has taken yet."""
        return self.to_deliver().free().filter(failures=0).exists()

    def claim(self, pks: Iterable[int]) -> list[Delivery]:
        """Claim those of these files that fal does not have and that nobody is delivering."""
        pks = list(pks)
        return self.to_deliver().free().filter(pk__in=pks).order_by("pk")._claim(len(pks))

    def forget_old(self) -> None:
        """Delete what expired, or what nobody has asked for, long ago."""
        past = timezone.now() - KEPT
        self.free().filter(expires_at__lt=past).delete()
        self.free().filter(expires_at__isnull=True, due_at__lt=past).delete()


class Delivery(Leased):
    """One file on its way to fal, where its copy lives for a day."""

    name = ExactCharField(max_length=200, unique=True)
    """In the storage of the app."""
    url = ExactTextField(blank=True)
    expires_at = models.DateTimeField(null=True)
    """When fal forgets the copy; null while it has none."""
    error_code = ExactCharField(max_length=100, blank=True)
    """Why it can't be delivered; empty while nobody knows that it can't."""
    error_message = ExactTextField(blank=True)
    """With an `error_code` why it can't be delivered, else why the last try failed."""

    objects = PrimaryManager.from_queryset(DeliveryQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()

    def __str__(self) -> str:
        return self.name

    def arrived(self, url: str, expires_at: datetime) -> None:
        """fal has it under this URL until then."""
        arrived = {"url": url, "expires_at": expires_at, "error_message": ""}
        self._change(**arrived, **step(timezone.now()))

    def postpone(self, due_at: datetime, message: str = "") -> None:
        """Try again later, because this try failed with this message."""
        self._change(error_message=str(message), **self._failed_step(due_at))

    def refused(self, code: str, message: str) -> None:
        """It can't be delivered, and trying again by itself would not help."""
        self._change(error_code=code[:100], error_message=str(message), **step(timezone.now()))

    def _change(self, **changes: Any) -> None:
        """Change the row only while the caller's claim on it stands."""
        if not Delivery.objects.filter(pk=self.pk, lease=self.lease).update(**changes):
            raise InvalidTransition
        for name, value in changes.items():
            setattr(self, name, value)


def _anew() -> dict[str, Any]:
    return {"url": "", "expires_at": None, "error_code": "", "error_message": ""}
