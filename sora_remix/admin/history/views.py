"""The history of a remix, and what was exchanged with fal about it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib.admin.views.main import PAGE_VAR
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext as _

from ...dollars import dollars
from ...models import BillFlag, Remix, RemixEvent
from ..formatting.account import HOLD_CAUSES
from ..formatting.failures import CAUSES
from ..links import Links
from ..permissions import COSTS, EXCHANGE, has_perms

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...endpoints.option import Text

Kind = RemixEvent.Kind
PER_PAGE = 100
OTHER_REMIX = (Kind.REQUESTED, Kind.RETRIED, Kind.SENT_AGAIN)
REQUEST_ID = (Kind.ACCEPTED, Kind.FOUND, Kind.CALLED, Kind.DOUBLED, Kind.ID_ENTERED)
EXCHANGED = ("request_id", "other_request_ids", "arguments", "error_code", "error_message")
"""Columns of remixes that need the permission to see the exchange with fal."""


@dataclass(frozen=True)
class Exchange:
    """The request and the answer, as they were."""

    remix: Remix

    @property
    def request_ids(self) -> list[str]:
        return self.remix.request_ids

    @property
    def body(self) -> str:
        """Return the body as indented JSON; empty while nothing was sent."""
        if self.remix.arguments is None:
            return ""
        return json.dumps(self.remix.arguments, indent=2, ensure_ascii=False)


@dataclass(frozen=True)
class HistoryLine:
    """One event, as far as this user may see it."""

    event: RemixEvent
    may_see_exchange: bool
    may_see_costs: bool
    links: Links

    @property
    def detail(self) -> Text:
        """Describe the detail: another remix, why it failed, money, or fal's request id."""
        kind, detail = self.event.kind, self.event.detail
        if kind in OTHER_REMIX and detail:
            return self._link_other(kind, int(detail))
        if kind in (Kind.FAILED, Kind.REFUSED) and detail in CAUSES:
            return CAUSES[detail]
        if kind == Kind.HELD and detail in HOLD_CAUSES:
            return HOLD_CAUSES[detail]
        if kind == Kind.BILL_FLAGGED and detail in BillFlag:
            return str(BillFlag(detail).label)
        if kind == Kind.EXCEEDED and self.may_see_costs:
            return _("%(amount)s more than was left.") % {"amount": dollars(Decimal(detail))}
        if kind in REQUEST_ID and self.may_see_exchange:
            return _("Request id: %(request_id)s") % {"request_id": detail}
        return ""

    def _link_other(self, kind: str, pk: int) -> str:
        other = Remix(pk=pk)
        link = self.links.change_link(other, str(other))
        return format_html(_("This is a retry of {}."), link) if kind == Kind.REQUESTED else link


def history_context(
    model_admin: ModelAdmin[Remix], request: HttpRequest, remix: Remix
) -> dict[str, Any]:
    """Return what the history's template shows, under the names that Django uses."""
    events = remix.events.prefetch_related("by")
    paginator = model_admin.get_paginator(request, events, PER_PAGE)
    shown = paginator.get_page(request.GET.get(PAGE_VAR, 1))
    links = Links(model_admin.admin_site)
    may_see = has_perms(request, EXCHANGE), has_perms(request, COSTS)
    return {
        "lines": [HistoryLine(event, *may_see, links) for event in shown],
        "action_list": shown,
        "page_range": paginator.get_elided_page_range(shown.number),
        "pagination_required": paginator.num_pages > 1,
        "media": model_admin.media,
    }
