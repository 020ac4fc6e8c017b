"""Only users with `view_costs` see what remixes cost; whoever buys one sees its price."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.db.models import DecimalField
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sora_remix.models import BillFlag, Remix, RemixEvent
from tests.admin_pages import Walked, make_rows, make_site, names_of, url_of, urls_with
from tests.html import inner_text, root_of

pytestmark = pytest.mark.django_db

SITE = make_site()
URLS = urls_with(("editors/", SITE))
BUYING = (
    "sora_remix_remixbatch_confirm",
    "sora_remix_remix_retry",
    "sora_remix_remix_send_again",
)
"""Pages that show the price of what one is about to buy."""
SHOWING = (
    "sora_remix_remix_changelist",
    "sora_remix_remix_change",
    "sora_remix_remix_history",
    "sora_remix_video_compare",
    "sora_remix_video_review",
    "sora_remix_video_tree",
)
"""Pages that show what remixes cost."""
BUDGETS = "sora_remix_budget_"
"""Pages of budgets, which have permissions of their own."""
COSTS = {"estimated_cost": "77.01", "calculated_cost": "77.02", "billed_cost": "77.03"}
AMOUNT = re.compile(r"\$|\b77\.0|\bCosts?\b|[Ee]stimated cost")


@pytest.fixture
def rows(settings: Any) -> Walked:
    """Rows that have each kind of cost, an unexpected bill, and have exceeded a budget."""
    settings.ROOT_URLCONF = URLS
    made = make_rows(User.objects.create_user("somebody"))
    Remix.objects.update(**COSTS, bill_flag=BillFlag.EXCESSIVE)
    for remix in Remix.objects.all():
        RemixEvent.of(remix.pk, RemixEvent.Kind.EXCEEDED, "77.040000").save()
    return made


@pytest.fixture
def editor(client: Client) -> User:
    """An editor with every permission but the one to view costs."""
    user = User.objects.create_user("editor")
    own = Permission.objects.filter(content_type__app_label="sora_remix")
    user.user_permissions.set(own.exclude(codename="view_costs"))
    client.force_login(user)
    return user


def _may_view_costs(user: User) -> None:
    user.user_permissions.add(Permission.objects.get(codename="view_costs"))


def _amounts(client: Client, name: str, rows: Walked) -> list[str]:
    response = client.get(url_of(SITE, name, rows))
    if response.streaming:
        return AMOUNT.findall(b"".join(response).decode())
    content = response.content.decode()
    is_html = response.headers.get("Content-Type", "").startswith("text/html")
    return AMOUNT.findall(_said(content) if is_html and content else content)


def _said(content: str) -> str:
    """Return what a page shows or announces."""
    elements = list(root_of(content).iter())
    attributes = (value for one in elements for value in one.attrib.values())
    return "\n".join((inner_text(root_of(content)), *attributes))


@pytest.mark.parametrize(
    "name", [one for one in names_of() if one not in BUYING and not one.startswith(BUDGETS)]
)
def test_page_shows_no_costs_without_the_permission(
    client: Client, rows: Walked, editor: User, name: str
) -> None:
    assert _amounts(client, name, rows) == []


@pytest.mark.parametrize("name", SHOWING)
def test_page_shows_costs_with_the_permission(
    client: Client, rows: Walked, editor: User, name: str
) -> None:
    _may_view_costs(editor)

    assert "$" in _amounts(client, name, rows)


@pytest.mark.parametrize("name", BUYING)
def test_price_of_what_one_is_about_to_buy_needs_no_permission(
    client: Client, rows: Walked, editor: User, name: str
) -> None:
    assert "$" in _amounts(client, name, rows)


@pytest.mark.parametrize("name", SHOWING)
def test_costs_take_no_further_queries(
    client: Client, rows: Walked, editor: User, name: str
) -> None:
    def counted() -> int:
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(url_of(SITE, name, rows))
        return len(found)

    counted()  # Django keeps the content types that it reads
    without = counted()
    _may_view_costs(editor)

    assert counted() == without


def _lookups() -> Iterator[str]:
    amounts = (one.name for one in Remix._meta.fields if isinstance(one, DecimalField))
    for column in ("price", *amounts):
        yield from (f"/editors/sora_remix/remix/?{column}{end}" for end in ("=1", "__gt=1"))
        yield f"/editors/sora_remix/video/?remix__{column}__gt=1"
        yield f"/editors/sora_remix/video/?remixes__{column}__gt=1"


@pytest.mark.parametrize("url", [*_lookups()])
def test_lists_cannot_be_filtered_by_costs_without_the_permission(
    client: Client, rows: Walked, editor: User, url: str
) -> None:
    response = client.get(url)

    assert response.status_code == 400
