"""The actions that cost money: each requests a new remix."""

from __future__ import annotations

from abc import abstractmethod
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from ... import services
from ...endpoints import Endpoint, get_endpoint
from ...exceptions import SoraRemixError
from ...models import Remix, refusals
from ..formatting import money
from ..permissions import DECIDE, REMIX, RETRY
from .base import RemixAction

if TYPE_CHECKING:
    from ...endpoints.option import Text
    from ...models.users import User


class PaidAct(RemixAction):
    """Request the same once more, for what it costs now."""

    counted_as = _("Will be requested again")
    column = _("Cost")
    is_paid = True

    def refusal(self, remix: Remix) -> Text | None:
        if _is_retried(remix):
            return _("It was already retried.")
        return self.wrong_state(remix) or _request_refusal(remix)

    @abstractmethod
    def wrong_state(self, remix: Remix) -> Text | None:
        """Say why its state does not allow it, if it doesn't."""

    def effect(self, remix: Remix) -> str:
        return money.price(*price(remix))


class Retry(PaidAct):
    name = "retry"
    permissions = (RETRY, REMIX)
    label = _("Retry")
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
        return refusals.retry(remix)

    def perform(self, remix: Remix, by: User) -> Remix:
        return services.retry(remix, by=by)


class SendAgain(PaidAct):
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
        return refusals.send_again(remix)

    def perform(self, remix: Remix, by: User) -> Remix:
        return services.send_again(remix, by=by)


def price(remix: Remix) -> tuple[Decimal | None, bool]:
    """Return what it would cost now, as far as that is known, and whether that is certain."""
    endpoint = get_endpoint(remix.endpoint)
    return endpoint.estimate(remix.source, remix.options), endpoint.price.is_firm


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
