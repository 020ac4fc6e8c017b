"""Actions that cost money: each requests a new remix."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ...endpoints import get_endpoint
from ...exceptions import SoraRemixError
from ...models import Remix
from ...services import plan_again
from ..budget_check import wants_to_exceed
from ..formatting import money
from ..permissions import DECIDE, REMIX, RETRY
from .cost import ActionCost, price
from .remix import RemixAction

if TYPE_CHECKING:
    from ...endpoints.option import Text


class PaidAction(RemixAction):
    """Request the same remix again, at its present price."""

    counted_as = _("Will be requested again")
    column = _("Cost")

    def refusal(self, row: Remix) -> Text | None:
        return super().refusal(row) or _request_refusal(row)

    def state_refusal(self, row: Remix) -> Text | None:
        if row._is_retried:  # type: ignore[attr-defined]  # set by the admin's queryset
            return _("It was already retried.")
        return super().state_refusal(row)

    def effect(self, row: Remix) -> str:
        return money.price(*price(row))

    def choices(self, request: HttpRequest) -> dict[str, Any]:
        return {"exceed_budget": wants_to_exceed(request)}

    def cost(self, rows: Sequence[Remix]) -> ActionCost:
        return ActionCost(rows)


class Retry(PaidAction):
    name = "retry"
    permissions = (RETRY, REMIX)
    label = _("Retry")
    list_label = _("Retry selected remixes")
    meaning = _(
        "Each is requested again as a new remix, and you pay again. If one failed "
        "after fal accepted it, collect it again first: that is free."
    )
    button_label = ngettext_lazy(
        "Retry %(many)d remix (%(cost)s)", "Retry %(many)d remixes (%(cost)s)", "many"
    )
    done = ngettext_lazy(
        "%(many)d remix was requested again, as a new one.",
        "%(many)d remixes were requested again, as new ones.",
        "many",
    )


class SendAgain(PaidAction):
    name = "send_again"
    permissions = (DECIDE, REMIX)
    label = _("Send again")
    meaning = _(
        "You may be charged twice. If fal already has this remix, it makes both and "
        "charges you for both."
    )
    button_label = ngettext_lazy(
        "Send %(many)d remix again (%(cost)s)", "Send %(many)d remixes again (%(cost)s)", "many"
    )
    done = ngettext_lazy(
        "%(many)d remix was sent again, as a new one. fal may charge for both.",
        "%(many)d remixes were sent again, as new ones. fal may charge for all of them.",
        "many",
    )


def _request_refusal(remix: Remix) -> Text | None:
    """Say why the endpoint would refuse the same request now, if it would."""
    try:
        endpoint = get_endpoint(remix.endpoint)
    except SoraRemixError as error:
        return error.message
    problems = [problem.message for problem in endpoint.option_problems(remix.options)]
    return (
        plan_again(endpoint, remix).refusal
        or endpoint.prompt_problem(remix.prompt)
        or next(iter(problems), None)
    )
