"""Budgets are set in the admin, and shown before something is confirmed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_remix.models import Budget, Chain, Remix, RemixEvent
from tests.budgets import make_budget, request, used
from tests.checkout import draft, forge, page_of, send
from tests.factories import make_remix, make_video, moment
from tests.forms import form_with, submit
from tests.html import errors, find_all, inner_text, messages, root_of, texts
from tests.remix_actions import ask, confirm

pytestmark = pytest.mark.django_db

BUDGETS = "/admin/sora_remix/budget/"
ADD = f"{BUDGETS}add/"
Status = Remix.Status


@pytest.fixture
def editor(client: Client) -> User:
    """A user who can remix and retry, and is logged in."""
    user = User.objects.create_user("editor", is_staff=True)
    names = ("view_video", "remix_video", "view_remix", "retry_remix", "decide_unconfirmed")
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return user


def _allow(user: User, codename: str) -> None:
    user.user_permissions.add(Permission.objects.get(codename=codename))


def _page(budget: Budget, name: str = "change") -> str:
    return reverse(f"admin:sora_remix_budget_{name}", args=[budget.pk])


def test_budget_of_the_site_a_group_or_a_person_can_be_added(
    admin_client: Client, admin_user: User
) -> None:
    group = Group.objects.create(name="Film")

    for owner in ({}, {"group": str(group.pk)}, {"user": str(admin_user.pk)}):
        submit(admin_client, ADD, {"amount": "250.5", "period": "day", **owner})

    rows = Budget.objects.values_list("is_for_site", "group", "user", "amount")
    amount = Decimal("250.5")
    assert list(rows) == [
        (True, None, None, amount),
        (None, group.pk, None, amount),
        (None, None, admin_user.pk, amount),
    ]


@pytest.mark.parametrize("amount", ["0", "-5", "0.001", "1000000.01", "99999999999", "NaN", ""])
def test_absurd_amount_is_refused(admin_client: Client, amount: str) -> None:
    response = submit(admin_client, ADD, {"amount": amount})

    assert list(errors(response)) == ["amount"]
    assert not Budget.objects.exists()


@pytest.mark.parametrize("kind", ["site", "group", "user"])
def test_second_budget_for_the_same_owner_and_period_is_refused(
    admin_client: Client, admin_user: User, kind: str
) -> None:
    group = Group.objects.create(name="Film")
    owners = {"site": {}, "group": {"group": str(group.pk)}, "user": {"user": str(admin_user.pk)}}
    typed = {"amount": "5", "period": "day", **owners[kind]}
    submit(admin_client, ADD, typed)

    response = submit(admin_client, ADD, typed)
    submit(admin_client, ADD, {**typed, "period": "month"})

    assert texts(response, "ul", "errorlist")
    assert Budget.objects.count() == 2


def test_budget_has_one_owner(admin_client: Client, admin_user: User) -> None:
    group = Group.objects.create(name="Film")
    owners = {"group": str(group.pk), "user": str(admin_user.pk)}

    response = submit(admin_client, ADD, {"amount": "5", **owners})

    assert "Choose a group or a person, not both." in inner_text(root_of(response))


def test_only_the_amount_can_be_changed(admin_client: Client, admin_user: User) -> None:
    budget = make_budget("0.4", user=admin_user)
    request(by=admin_user)

    page = admin_client.get(_page(budget))
    submit(admin_client, _page(budget), {"amount": "9"})

    budget.refresh_from_db()
    assert (budget.amount, budget.user_id) == (Decimal(9), admin_user.pk)
    assert budget.period == "month"
    assert not find_all(page, "input", name="user")
    assert "$0.40" in inner_text(root_of(page))


def test_list_shows_what_is_left_in_as_many_queries_for_many_as_for_few(
    admin_client: Client, admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_budget(5)
    make_budget(5, user=admin_user)
    make_budget(5, group=Group.objects.create(name="Film"))
    request(2, by=admin_user)
    for number in range(2):
        with django_assert_num_queries(8):
            page = admin_client.get(BUDGETS)
        for name in ("a", "b", "c") if not number else ():
            make_budget(7, user=User.objects.create_user(name))

    rows = texts(page, "tr")
    assert sum("$0.80" in row and "$4.20" in row for row in rows) == 2
    assert any("the group “Film”" in row for row in rows)


@pytest.mark.parametrize(
    ("period", "shown"), [("day", "11/30/2026"), ("month", "12/01/2026"), ("once", "never")]
)
def test_list_shows_the_day_on_which_a_budget_renews(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch, period: str, shown: str
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: moment(2026, 11, 29, 12))
    make_budget(5, period=period)

    page = admin_client.get(BUDGETS)

    assert texts(page, "td", "field-renewal") == [shown]


def test_deleted_budget_applies_no_longer(admin_client: Client) -> None:
    budget = make_budget("0.4")
    request()

    page = admin_client.get(_page(budget, "delete"))
    admin_client.post(_page(budget, "delete"), form_with(page, "post").data())

    assert "reservation" not in inner_text(root_of(page)).lower()
    assert not Budget.objects.exists()
    assert request()


def test_page_to_confirm_shows_what_is_left(client: Client, editor: User) -> None:
    make_budget(10)
    make_budget(1, user=editor)
    make_budget(1, user=User.objects.create_user("other"))
    request(2, by=editor)

    page = client.get(page_of(draft(by=editor)))

    lines = [one for one in texts(page, "p") if "is left of this budget" in one]
    assert [line.split(". ")[0] for line in lines] == [
        "$9.20 is left of this budget: $10.00 each month for the whole site",
        "$0.20 is left of this budget: $1.00 each month for editor",
    ]
    assert not find_all(page, "input", name="_exceed_budget")


@pytest.mark.parametrize("is_forged", [False, True])
def test_editor_can_not_exceed_a_budget(client: Client, editor: User, is_forged: bool) -> None:
    budget = make_budget("0.3")
    batch = draft(by=editor)
    forged = {"_exceed_budget": "1"} if is_forged else {}

    page = forge(client, batch, {"prompt": "noir", **forged})

    assert "This may cost $0.40, but only $0.30 is left" in inner_text(root_of(page))
    assert not Remix.objects.exists()
    assert used(budget) == 0


def test_editor_with_permission_exceeds_a_budget_by_ticking_a_box(
    client: Client, editor: User
) -> None:
    budget = make_budget("0.3")
    _allow(editor, "exceed_budget")
    batch = draft(by=editor)

    refused = send(client, batch, {"prompt": "noir"})
    assert "only $0.30 is left" in inner_text(root_of(refused))
    assert not Remix.objects.exists()
    send(client, batch, {"prompt": "noir", "_exceed_budget": "1"})

    [remix] = Remix.objects.all()
    assert used(budget) == Decimal("0.4")
    assert remix.events.filter(kind=RemixEvent.Kind.EXCEEDED, by_id=editor.pk).count() == 1
    _allow(editor, "view_costs")
    page = client.get(reverse("admin:sora_remix_remix_history", args=[remix.pk]))
    assert "$0.10 more than was left." in inner_text(root_of(page))


def test_box_stays_ticked_while_the_page_is_recalculated(client: Client, editor: User) -> None:
    make_budget("0.3")
    _allow(editor, "exceed_budget")

    page = send(
        client, draft(by=editor), {"prompt": "noir", "_exceed_budget": "1", "_recalculate": "1"}
    )

    assert form_with(page, "_terms").values["_exceed_budget"] == "1"


def test_unknown_cost_is_named_on_the_page(admin_client: Client) -> None:
    make_budget(5)
    video = make_video(duration=None)

    page = admin_client.get(page_of(draft(video)))

    assert "has no limit" in inner_text(root_of(page))
    assert texts(page, id="sora-remix-over-budget") == ["Cost without a limit"]


def test_retry_is_refused_beyond_a_budget_unless_the_box_is_ticked(
    client: Client, editor: User
) -> None:
    make_budget("0.3")
    remix = make_remix(status=Status.FAILED)

    page = ask(client, "retry", [remix])
    assert "$0.30 is left of this budget" in inner_text(root_of(page))
    [message] = messages(confirm(client, page))
    assert "This may cost $0.40, but only $0.30 is left" in message
    assert not Remix.objects.filter(retry_of=remix).exists()

    _allow(editor, "exceed_budget")
    form = form_with(ask(client, "retry", [remix]), "_terms")
    client.post(form.action, form.data({"_exceed_budget": "1"}))
    again = Remix.objects.get(retry_of=remix)
    assert again.events.filter(kind=RemixEvent.Kind.EXCEEDED, by_id=editor.pk).exists()


@pytest.mark.parametrize(("amount", "percent"), [("0.5", "80 %"), ("0.41", "97 %"), ("0.51", "")])
def test_notice_names_budgets_of_which_most_is_used(
    client: Client, editor: User, amount: str, percent: str
) -> None:
    make_budget(amount)
    request()
    Chain.objects.create(pk=1)
    _allow(editor, "view_budget")

    notices = texts(client.get(BUDGETS), class_="sora-remix-notice")

    about = [one for one in notices if "of this budget is used" in one]
    assert len(about) == bool(percent)
    assert all(percent in one for one in about)


def test_notice_about_budgets_needs_the_permission_to_see_them(
    client: Client, editor: User
) -> None:
    make_budget("0.5")
    request()
    Chain.objects.create(pk=1)

    page = client.get("/admin/sora_remix/remix/")

    assert "of this budget is used" not in inner_text(root_of(page))
