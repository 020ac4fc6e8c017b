"""Actions that cost nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ...models import Remix
from ..permissions import CANCEL, DECIDE, RETRY
from .remix import RemixAction, Status

if TYPE_CHECKING:
    from ...endpoints.option import Text


class Cancel(RemixAction):
    name = "cancel"
    permissions = (CANCEL,)
    label = _("Cancel")
    list_label = _("Cancel selected remixes")
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
    cancellation_requested = ngettext_lazy(
        "Cancellation of %(many)d remix was requested. If fal finishes it anyway, "
        "you pay for it and the video is stored.",
        "Cancellation of %(many)d remixes was requested. If fal finishes one anyway, "
        "you pay for it and the video is stored.",
        "many",
    )

    def effect(self, row: Remix) -> Text:
        if row.status == Status.QUEUED:
            return _("It will be cancelled. Nothing is charged.")
        return _("fal will be asked to stop. You may still be charged.")

    def report(self, remixes: Sequence[Remix]) -> list[str]:
        final = sum(remix.status == Status.CANCELLED for remix in remixes)
        counted = ((self.done, final), (self.cancellation_requested, len(remixes) - final))
        return [str(message % {"many": many}) for message, many in counted if many]


class CollectAgain(RemixAction):
    name = "collect_again"
    permissions = (RETRY,)
    label = _("Collect again")
    list_label = _("Collect selected remixes again")
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
