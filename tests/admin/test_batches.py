"""The list of batches shows their results."""

from __future__ import annotations

import pytest
from django.contrib.admin import AdminSite
from django.contrib.auth.models import AnonymousUser, User
from django.test import Client, RequestFactory
from pytest_django import DjangoAssertNumQueries

from sora_remix.admin.batches import RemixBatchAdmin
from sora_remix.models import Remix, RemixBatch
from tests.checkout import (
    draft,
    filled_in,
    page_of,
    remixes_of,
    send,
)
from tests.factories import make_remix, make_video
from tests.forms import form_with
from tests.html import errors, find, find_all, inner_text, listed
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

BATCHES = "/admin/sora_remix/remixbatch/"


def test_batches_are_listed_with_their_results(admin_client: Client) -> None:
    waiting, confirmed = draft(), draft(make_video(), make_video())
    send(admin_client, confirmed, {"prompt": "noir"})

    page = admin_client.get(BATCHES).content.decode()

    assert f'<a href="{page_of(waiting)}">draft: check and confirm</a>' in page
    assert f'<a href="{remixes_of(confirmed)}">confirmed</a>' in page
    assert f'<a href="{remixes_of(confirmed)}">2</a>' in page


def test_list_shows_the_progress_of_each_batch(admin_client: Client) -> None:
    draft()
    batch = draft()
    for status in ("succeeded", "failed", "queued"):
        make_remix(batch=batch, status=status)

    page = admin_client.get(BATCHES).content.decode()

    assert page.count("<progress") == 1
    assert '<progress max="3" value="2" aria-label="2 of 3 are done"></progress>' in page


@pytest.mark.parametrize(("state", "many"), [("draft", 1), ("confirmed", 2), ("typo", 3)])
def test_batches_are_filtered_by_state(admin_client: Client, state: str, many: int) -> None:
    for batch in (draft(), draft()):
        batch.confirm()
    draft()

    response = admin_client.get(f"{BATCHES}?state={state}")

    assert len(listed(response)) == many


def test_draft_can_be_deleted_and_a_confirmed_batch_can_not(admin_client: Client) -> None:
    waiting, confirmed = draft(), draft()
    confirmed.confirm()

    for batch in (waiting, confirmed):
        admin_client.post(f"{BATCHES}{batch.pk}/delete/", {"post": "yes"})

    assert list(RemixBatch.objects.all()) == [confirmed]


@pytest.mark.parametrize("held", [[], ["confirm_any_draft"]])
def test_drafts_of_others_are_listed_and_deleted_only_with_their_own_permission(
    client: Client, held: list[str]
) -> None:
    user = log_in(client, "view_remix", "view_video", "remix_video", *held)
    own, others, nobodys = draft(by=user), draft(by=User.objects.create_user("author")), draft()

    shown = listed(client.get(BATCHES))
    for batch in (own, others, nobodys):
        client.post(f"{BATCHES}{batch.pk}/delete/", {"post": "yes"})

    assert {*shown} == ({own.pk, others.pk, nobodys.pk} if held else {own.pk})
    assert RemixBatch.objects.count() == (0 if held else 2)


def test_draft_confirmed_while_it_is_deleted_is_kept(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = draft()
    log = RemixBatchAdmin.log_deletions
    monkeypatch.setattr(
        RemixBatchAdmin, "log_deletions", lambda *args: (batch.confirm(), log(*args))
    )

    response = admin_client.post(f"{BATCHES}{batch.pk}/delete/", {"post": "yes"})

    assert response.status_code == 403
    assert RemixBatch.objects.filter(pk=batch.pk).exists()


def test_confirming_a_deleted_draft_is_explained(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = draft(make_video())
    url = f"{BATCHES}{batch.pk}/confirm/"
    form = {**filled_in(admin_client.get(url)), "prompt": "noir"}
    confirm = RemixBatch.confirm

    def delete_first(self: RemixBatch) -> bool:
        RemixBatch.objects.delete_drafts()
        return confirm(self)

    monkeypatch.setattr(RemixBatch, "confirm", delete_first)
    response = admin_client.post(url, form)

    assert "This draft was deleted in the meantime." in response.content.decode()
    assert not Remix.objects.exists()


def test_batches_can_only_be_added_by_selecting_videos(admin_client: Client) -> None:
    batch = draft()

    assert admin_client.get(f"{BATCHES}add/").status_code == 403
    assert admin_client.post(f"{BATCHES}add/", {"name": "Mine"}).status_code == 403
    assert admin_client.get(f"{BATCHES}{batch.pk}/change/").status_code == 200


def test_batch_is_given_a_name_and_found_by_it(admin_client: Client) -> None:
    batch, other = draft(make_video(title="Sea")), draft(make_video(title="Wood"))
    url = f"{BATCHES}{batch.pk}/change/"

    form = form_with(admin_client.get(url), "name")
    admin_client.post(url, form.data({"name": "Spring 🌷 campaign"}, "_save"))

    page = admin_client.get(url).content.decode()
    assert "<h2>Spring 🌷 campaign</h2>" in page
    crumbs = find(page, class_="breadcrumbs")
    assert "Spring 🌷 campaign" in inner_text(crumbs)
    assert listed(admin_client.get(f"{BATCHES}?q=CAMPAIGN")) == [batch.pk]
    assert listed(admin_client.get(f"{BATCHES}?q=wood")) == [other.pk]


def test_name_longer_than_its_column_is_refused(admin_client: Client) -> None:
    batch = draft()
    url = f"{BATCHES}{batch.pk}/change/"

    response = admin_client.post(url, {"name": "x" * 201})

    assert "at most 200 characters" in errors(response)["name"][0]
    assert RemixBatch.objects.get().name == batch.name


@pytest.mark.parametrize(
    ("is_own", "held", "may"), [(True, [], True), (False, [], False), (False, ["change"], True)]
)
def test_people_name_their_own_batches_and_those_of_others_with_a_permission(
    client: Client, is_own: bool, held: list[str], may: bool
) -> None:
    user = log_in(client, "view_remix", *(f"{one}_remixbatch" for one in held))
    batch = draft(by=user if is_own else None)
    batch.confirm()
    url = f"{BATCHES}{batch.pk}/change/"

    has_field = bool(find_all(client.get(url), "input", name="name"))
    client.post(url, {"name": "Mine"})

    assert has_field == may
    assert (RemixBatch.objects.get().name == "Mine") == may


def test_batch_of_nobody_is_not_everybodys_own() -> None:
    batch, request = draft(by=None), RequestFactory().get("/")
    request.user = AnonymousUser()
    page = RemixBatchAdmin(RemixBatch, AdminSite())

    assert not page.has_change_permission(request, batch)


def test_batch_confirmed_while_it_is_named_stays_confirmed(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, save = draft(), RemixBatchAdmin.save_form
    monkeypatch.setattr(
        RemixBatchAdmin,
        "save_form",
        lambda *args, **options: RemixBatch.objects.get().confirm() and save(*args, **options),
    )
    admin_client.post(f"{BATCHES}{batch.pk}/change/", {"name": "Mine"})

    named = RemixBatch.objects.get()
    assert (named.name, bool(named.confirmed_at)) == ("Mine", True)


def test_list_of_batches_needs_as_many_queries_for_60_rows_as_for_3(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (3, 57):
        for _ in range(count):
            draft()

        with django_assert_num_queries(6):
            admin_client.get(BATCHES)
