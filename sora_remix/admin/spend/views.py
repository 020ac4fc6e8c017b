"""The page that shows what was spent, and its downloads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.urls import URLPattern
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from ...clock import zone
from ...dollars import dollars
from ...models import AccountBalance, Remix
from ..formatting.dates import moment
from ..links import Links
from ..pages import NOTICES_SCRIPT, page_path, render_page
from ..permissions import COSTS, has_perms, require_perms
from ..visibility import get_rows, sees_model
from .chart import make_chart
from .csv_files import csv_response, group_rows, remix_rows
from .days import PERIODS
from .forms import SpendForm
from .groupings import GROUPINGS, MOST, Spend

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin

PAGE = "sora_remix_remix_spend"
CURRENCY = "USD"


def urls(model_admin: ModelAdmin[Remix]) -> list[URLPattern]:
    """Return the routes of these pages."""
    return [
        page_path(model_admin, "spend/", spend, "spend"),
        page_path(model_admin, "spend/groups.csv", download_groups, "spend_groups"),
        page_path(model_admin, "spend/remixes.csv", download_remixes, "spend_remixes"),
    ]


def get_spend_url(site: AdminSite, request: HttpRequest) -> str:
    """Return the URL of the page; empty for users who may not open it."""
    may_open = sees_model(site, request, Remix) and has_perms(request, COSTS)
    return Links(site).page_url(PAGE) if may_open else ""


@require_safe
def spend(request: HttpRequest, *, model_admin: ModelAdmin[Remix]) -> HttpResponse:
    """Show what remixes cost, in groups."""
    require_perms(model_admin, request, COSTS)
    remixes, links = _remixes(request, model_admin), Links(model_admin.admin_site)
    form = SpendForm(request.GET, remixes)
    context: dict[str, Any] = {
        "title": gettext("Spend"),
        "form": form,
        "reset_url": links.page_url(PAGE) if request.GET else "",
        "balance": _describe_balance(),
    }
    if form.is_valid():
        context |= _context(form, remixes, links, request.GET)
    return render_page(
        request,
        model_admin,
        "spend.html",
        context,
        stylesheets=["sora_remix/spend.css"],
        scripts=[NOTICES_SCRIPT],
    )


@require_safe
def download_groups(request: HttpRequest, *, model_admin: ModelAdmin[Remix]) -> HttpResponseBase:
    """Send all groups as a CSV file."""
    require_perms(model_admin, request, COSTS)
    remixes, links = _remixes(request, model_admin), Links(model_admin.admin_site)
    form = SpendForm(request.GET, remixes)
    if not form.is_valid():
        return _go_back(links, request.GET)
    made = Spend(form.filter(remixes), links, lambda **_changes: "")
    label = str(GROUPINGS[form.grouping])
    rows = group_rows(label, made.all_rows(form.grouping))
    return csv_response(f"spend-by-{form.grouping}", rows)


@require_safe
def download_remixes(request: HttpRequest, *, model_admin: ModelAdmin[Remix]) -> HttpResponseBase:
    """Send the single remixes as a CSV file."""
    require_perms(model_admin, request, COSTS)
    remixes, links = _remixes(request, model_admin), Links(model_admin.admin_site)
    form = SpendForm(request.GET, remixes)
    if not form.is_valid():
        return _go_back(links, request.GET)
    return csv_response("remixes", remix_rows(form.filter(remixes)))


def _remixes(request: HttpRequest, model_admin: ModelAdmin[Remix]) -> QuerySet[Remix]:
    """Return the remixes that the site shows, each once whatever its querysets join."""
    shown = get_rows(model_admin.admin_site, request, Remix)
    return Remix.objects.filter(pk__in=shown.order_by().values("pk"))


def _describe_balance() -> str:
    """Say what is left in the account at fal; empty if nobody has read it."""
    found = AccountBalance.objects.current()
    if not found or not found.read_at:
        return ""
    amount = dollars(found.amount) if found.currency == CURRENCY else str(found)
    message = gettext("At %(time)s, the site's account at fal had %(amount)s left.")
    return message % {"amount": amount, "time": moment(found.read_at)}


def _go_back(links: Links, query: QueryDict) -> HttpResponse:
    """Show on the page what is wrong with a query."""
    return HttpResponseRedirect(f"{links.page_url(PAGE)}?{query.urlencode()}")


def _context(
    form: SpendForm, remixes: QuerySet[Remix], links: Links, query: QueryDict
) -> dict[str, Any]:
    grouping = form.grouping
    made = Spend(form.filter(remixes), links, partial(_narrowed, links, query))
    table = made.table(grouping)
    suffix = f"?{query.urlencode()}" if query else ""
    return {
        "table": table,
        "chart": make_chart(table.rows, grouping if grouping in PERIODS else ""),
        "grouping": grouping,
        "grouping_label": GROUPINGS[grouping],
        "is_period": grouping in PERIODS,
        "most": MOST,
        "time_zone": str(zone()),
        "groups_url": f"{links.page_url(f'{PAGE}_groups')}{suffix}",
        "remixes_url": f"{links.page_url(f'{PAGE}_remixes')}{suffix}",
    }


def _narrowed(links: Links, query: QueryDict, **changes: str) -> str:
    """Return the address of the page with these changes."""
    changed = query.copy()
    for name, value in changes.items():
        changed[name] = value
    return f"{links.page_url(PAGE)}?{changed.urlencode()}"
