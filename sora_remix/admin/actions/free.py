"""Actions that cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ... import services
from ...models import Remix, refusals
from ..permissions import CANCEL, DECIDE, RETRY
from .base import RemixAction, Status

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

    from ...models.users import User

    Text = str | _StrPromise


class Cancel(RemixAction):
    name = "cancel"
    permissions = (CANCEL,)
    label = _("Cancel")
    meaning = _(
        "Remixes that have not been sent are cancelled free of charge. For the "
        "others, fal is asked to stop. If fal finishes one anyway, you pay for it "
        "and the video is stored."
    )
    counted_as = _("Will be cancelled")
    column = _("Effect")
    button_label = ngettext_lazy("Cancel %(many)d remix", "Cancel %(many)d remixes", "many")
    done = ngettext_lazy(
        "%(many)d remix was cancelled before it was sent: nothing was charged.",
        "%(many)d remixes were cancelled before they were sent: nothing was charged.",
        "many",
    )
    wished = ngettext_lazy(
        "Cancellation of %(many)d remix was requested. If fal finishes it anyway, "
        "you pay for it and the video is stored.",
        "Cancellation of %(many)d remixes was requested. If fal finishes one anyway, "
        "you pay for it and the video is stored.",
        "many",
    )

    def refusal(self, remix: Remix) -> Text | None:
        return refusals.cancel(remix)

    def effect(self, remix: Remix) -> Text:
        if remix.status == Status.QUEUED:
            return _("It will be cancelled. Nothing is charged.")
        return _("fal will be asked to stop. You may still be charged.")

    def perform(self, remix: Remix, by: User) -> None:
        services.cancel(remix, by=by)

    def report(self, remixes: Sequence[Remix]) -> list[str]:
        final = sum(remix.status == Status.CANCELLED for remix in remixes)
        counted = ((self.done, final), (self.wished, len(remixes) - final))
        return [str(message % {"many": many}) for message, many in counted if many]


class CollectAgain(RemixAction):
    name = "collect_again"
    permissions = (RETRY,)
    label = _("Collect again")
    meaning = _(
        "fal is asked for the result again. This is free and works as long as fal keeps the result."
    )
    counted_as = _("Will be collected again")
    button_label = ngettext_lazy(
        "Collect %(many)d remix again", "Collect %(many)d remixes again", "many"
    )
    done = ngettext_lazy(
        "%(many)d remix is being collected again, free of charge.",
        "%(many)d remixes are being collected again, free of charge.",
        "many",
    )

    def refusal(self, remix: Remix) -> Text | None:
        return refusals.collect_again(remix)

    def perform(self, remix: Remix, by: User) -> None:
        services.collect_again(remix, by=by)


class GiveUp(RemixAction):
    name = "give_up"
    permissions = (DECIDE,)
    label = _("Give up")
    meaning = _(
        "The remix is marked as failed, and the site stops looking for it. If fal "
        "has it, you are still charged."
    )
    counted_as = _("Will be given up")
    button_label = ngettext_lazy("Give up %(many)d remix", "Give up %(many)d remixes", "many")
    done = ngettext_lazy("%(many)d remix was given up.", "%(many)d remixes were given up.", "many")

    def refusal(self, remix: Remix) -> Text | None:
        return refusals.give_up(remix)

    def perform(self, remix: Remix, by: User) -> None:
        services.give_up(remix, by=by)
