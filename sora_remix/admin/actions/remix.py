"""Actions on remixes: each is done to one remix after the other."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _

from ... import services
from ...conf import conf
from ...database import retry_conflicts
from ...exceptions import InvalidTransition, RequestRefused
from ...models import Remix, refusals
from ..formatting import html
from ..params import parse_pks
from ..visibility import filter_viewable
from .base import ActionPreview, ActionResult, AdminAction

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...endpoints.option import Text

Status = Remix.Status
NOT_NEEDED = ("arguments", "price", "progress_log", "prompt_template")
"""Columns that no action reads."""
NAMED = 10
"""Remixes that a message names; the others are counted."""


class RemixAction(AdminAction[Remix]):
    """Act on remixes that are read again when the page is confirmed."""

    field = "remixes"
    title = _("%(action)s: selected remixes")
    counted = ngettext_lazy("%(many)s remix", "%(many)s remixes", "many")
    nothing_to_do = _(
        "There is nothing to do: none of the selected remixes is in a state that allows this."
    )
    back_label = _("Back to the remixes")
    shows_source = True

    def refusal(self, row: Remix) -> Text | None:
        return self.state_refusal(row)

    def state_refusal(self, row: Remix) -> Text | None:
        """Ask the check of this name why the state of a remix refuses it, if it does."""
        reason: Text | None = getattr(refusals, self.name)(row)
        return reason

    def report(self, remixes: Sequence[Remix]) -> list[str]:
        """Say to how many remixes it was done."""
        return [str(self.done % {"many": len(remixes)})]

    def choices(self, request: HttpRequest) -> dict[str, Any]:
        """Return what else the service is to know of what the page sent."""
        return {}

    def prepare(self, selected: QuerySet[Remix]) -> QuerySet[Remix]:
        return selected.defer(*NOT_NEEDED)

    def state(self, row: Remix) -> SafeString:
        return html.state(row)

    def selection(self, preview: ActionPreview[Remix]) -> str:
        return ",".join(str(line.row.pk) for line in preview.allowed + preview.refused)

    def confirm(
        self, model_admin: ModelAdmin[Remix], request: HttpRequest
    ) -> ActionPreview[Remix] | ActionResult:
        sent = request.POST.get(self.field, "").split(",")
        pks = parse_pks(sent, name=self.field, most=conf.SORA_REMIX_MAX_BATCH)
        found = model_admin.get_queryset(request).select_related("source", "clip").in_bulk(pks)
        in_order = (found[pk] for pk in pks if pk in found)
        preview = ActionPreview(self, filter_viewable(model_admin, request, in_order))
        if preview.allowed and not preview.is_confirmed(request):
            return preview
        return self.run(model_admin, request, preview)

    def run(
        self, model_admin: ModelAdmin[Remix], request: HttpRequest, preview: ActionPreview[Remix]
    ) -> ActionResult:
        """Do it to each remix that allows it."""
        done: list[Remix] = []
        requested: Remix | None = None
        reasons: dict[str, list[Remix]] = defaultdict(list)
        for line in preview.refused:
            reasons[str(line.refusal)].append(line.row)
        for remix in preview.rows:
            try:
                requested = self._perform(model_admin, request, remix) or requested
                done.append(remix)
            except (InvalidTransition, RequestRefused) as refusal:
                reasons[str(refusal)].append(remix)
        unchanged = [_describe_unchanged(remixes, reason) for reason, remixes in reasons.items()]
        return ActionResult(self.report(done) if done else [], unchanged, requested)

    @retry_conflicts
    def _perform(
        self, model_admin: ModelAdmin[Remix], request: HttpRequest, remix: Remix
    ) -> Remix | None:
        """Call the service of this name and log it among the user's recent actions, or neither."""
        service = getattr(services, self.name)
        requested: Remix | None = service(remix, by=request.user, **self.choices(request))
        model_admin.log_change(request, remix, str(self.label))
        return requested


def _describe_unchanged(remixes: list[Remix], reason: str) -> str:
    names = ", ".join(map(str, remixes[:NAMED]))
    if (more := len(remixes) - NAMED) > 0:
        names = gettext("%(names)s and %(more)d more") % {"names": names, "more": more}
    message = ngettext(
        "%(many)d remix was not changed (%(names)s): %(reason)s",
        "%(many)d remixes were not changed (%(names)s): %(reason)s",
        len(remixes),
    )
    return message % {"many": len(remixes), "names": names, "reason": reason}
