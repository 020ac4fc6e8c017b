"""The actions that cost money: each requests a new remix."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ... import services
from ...endpoints import Endpoint, get_endpoint
from ...exceptions import SoraRemixError
from ...models import Remix
from ..formatting import money
from ..permissions import DECIDE, REMIX, RETRY
from .cost import ActionCost, price
from .remix import RemixAction, Status

if TYPE_CHECKING:
    from ...endpoints.option import Text
    from ...services import User


class PaidAction(RemixAction):
    """Request the same once more, for what it costs now."""

    counted_as = _("Will be requested again")
    column = _("Cost")

    def refusal(self, row: Remix) -> Text | None:
        if _is_retried(row):
            return _("It was already retried.")
        return self.wrong_state(row) or _request_refusal(row)

    @abstractmethod
    def wrong_state(self, remix: Remix) -> Text | None:
        """Say why its state does not allow it, if it doesn't."""

    def effect(self, row: Remix) -> str:
        return money.price(*price(row))

    def cost(self, rows: Sequence[Remix]) -> ActionCost:
        return ActionCost.of(rows)


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

    def wrong_state(self, remix: Remix) -> Text | None:
        if remix.status not in (Status.FAILED, Status.CANCELLED):
            return _("Only a remix that failed or was cancelled can be retried.")
        return None

    def perform(self, remix: Remix, by: User) -> Remix:
        return services.retry(remix, by=by)


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

    def wrong_state(self, remix: Remix) -> Text | None:
        if remix.status != Status.UNCONFIRMED:
            return _("Only an unconfirmed remix can be sent again.")
        return None

    def perform(self, remix: Remix, by: User) -> Remix:
        return services.send_again(remix, by=by)


def _is_retried(remix: Any) -> bool:
    """Tell whether it was requested again already; the admin's queryset knows."""
    return bool(remix._is_retried)


def _request_refusal(remix: Remix) -> Text | None:
    """Say why the same can't be requested any more, if it can't."""
    try:
        endpoint = get_endpoint(remix.endpoint)
    except SoraRemixError as error:
        return error.message
    return (
        endpoint.refusal(remix.source)
        or endpoint.prompt_problem(remix.prompt)
        or _option_problem(endpoint, remix)
    )


def _option_problem(endpoint: Endpoint, remix: Remix) -> Text | None:
    problems = endpoint.option_problems(remix.options)
    return problems[0].message if problems else None
