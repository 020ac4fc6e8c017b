"""What fal says about the request id of a remix: in its answer, in its list, or by calling."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from typing import TYPE_CHECKING

from django.db import Error
from django.utils import timezone

from ..database import atomic
from ..exceptions import InvalidTransition
from ..logs import get_logger
from .event import RemixEvent
from .leased import step
from .record import RemixRecord
from .status import Status

if TYPE_CHECKING:
    from .batch import User
    from .remix import Remix

logger = get_logger(__name__)

EVIDENCE_AFTER = timedelta(seconds=30)
"""How soon fal's list of requests is searched for one whose answer did not come."""
FIRST_CHECK = timedelta(seconds=2)
"""How soon fal is asked about what it has just accepted."""
Kind = RemixEvent.Kind


class HeardOf(RemixRecord):
    """A remix that fal may have, under an id that must never be lost."""

    class Meta:
        abstract = True

    def accepted(
        self, request_id: str, how: str = Kind.ACCEPTED, *, by: User | None = None
    ) -> None:
        """fal has it: the first thing to commit after its answer."""
        self._move(
            (Status.SUBMITTING, Status.UNCONFIRMED),
            status=Status.PROCESSING,
            request_id=request_id,
            error_code="",
            error_message="",
            **step(timezone.now() + FIRST_CHECK),
        )
        self._tell_of_id(how, request_id, by)

    def rang(self, request_id: str) -> None:
        """fal says by itself under which id it has this remix; as often as it likes."""
        if self._rows().exclude(pk=self.pk).filter(request_id=request_id).exists():
            return  # found in fal's list for one that asked for the same: they are alike
        if not self._heard_first(request_id):
            self._heard_again(request_id)
        ringing = self._rows().filter(pk=self.pk, request_id=request_id, leased_until=None)
        ringing.filter(status=Status.PROCESSING).update(due_at=timezone.now())

    def search_again(self) -> None:
        """Nothing was found in fal's list: look again, after growing pauses."""
        pause = EVIDENCE_AFTER * 2 ** min(self.failures, 5)
        with suppress(InvalidTransition):
            self._move((Status.UNCONFIRMED,), **self._failed_step(timezone.now() + pause))

    def has_twin_being_sent(self) -> bool:
        """Tell whether one that asks for the same is on its way to fal at this moment."""
        return self._alike(Status.SUBMITTING) is not None

    def _heard_first(self, request_id: str) -> bool:
        """Heal a remix whose answer did not come, or one that was given up too early."""
        with suppress(InvalidTransition):
            self.accepted(request_id, Kind.CALLED)
            return True
        given_up = self._rows().filter(pk=self.pk, status=Status.FAILED, request_id="")
        if not given_up.update(request_id=request_id):
            return False
        self._tell_of_id(Kind.CALLED, request_id)
        return True

    def _heard_again(self, request_id: str) -> None:
        """Keep another id than the one it has: somebody may have been charged twice."""
        with atomic():
            row = self._rows().select_for_update().get(pk=self.pk)
            if request_id in (row.request_id, *row.other_request_ids):
                return
            if twin := row._alike(Status.UNCONFIRMED):
                twin.accepted(request_id, Kind.CALLED)
                return
            row.other_request_ids = [*row.other_request_ids, request_id]
            row.save(update_fields=["other_request_ids"])
            row._tell_of_id(Kind.DOUBLED, request_id)

    def _alike(self, status: str) -> Remix | None:
        """Return another remix that asked for the same and is in this state."""
        others = (
            self._rows()
            .exclude(pk=self.pk)
            .filter(
                status=status,
                source_id=self.source_id,
                prompt=self.prompt,
                endpoint_id=self.endpoint_id,
            )
        )
        # Databases differ in when two JSON texts are equal.
        return next((one for one in others if one.options == self.options), None)

    def _tell_of_id(self, kind: str, request_id: str, by: User | None = None) -> None:
        """Write down how an id came once it stands on the row, which this must never undo."""
        try:
            with atomic():
                self._event(kind, request_id, by).save()
        except Error:
            logger.exception("Remix %s: its history lacks “%s” %s", self.pk, kind, request_id)
