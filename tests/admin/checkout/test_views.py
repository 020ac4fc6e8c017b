"""A selection is confirmed once, by users with the permission."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.models import Remix
from tests.checkout import (
    draft,
    filled_in,
    grid_of,
    make_clip,
    options,
    page_of,
    recalculate,
    send,
    text_of,
)
from tests.factories import at_once, make_remix, make_video
from tests.html import facts, find, find_all, inner_text, texts

pytestmark = pytest.mark.django_db

BATCHES = "/admin/sora_remix/remixbatch/"
PERMISSIONS = ("remix_video", "view_video", "view_remix")


def _staff(client: Client, permissions: Iterable[str]) -> User:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


@pytest.mark.parametrize(
    "wrong", [{"SORA_REMIX_ENDPOINT": "<typo>"}, {"SORA_REMIX_ENDPOINTS": {"<typo>": {}}}]
)
def test_wrong_endpoint_setting_is_explained_and_no_button_is_shown(
    admin_client: Client, settings: Settings, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(settings, name, value)

    page = text_of(admin_client, draft())

    assert "&lt;typo&gt;" in page
    assert 'type="submit" class="default"' not in page


def test_page_is_in_the_order_in_which_people_decide(admin_client: Client) -> None:
    batch = draft(make_clip(), make_clip(duration=20))

    page = recalculate(admin_client, batch, {"endpoint": "flux-3"}).content.decode()

    parts = ("chosen", "left-out", "prompts", "models", "about", "options", "remixes", "summary")
    places = [page.index(f'id="sora-remix-{part}"') for part in parts]
    assert places == sorted(places)


@pytest.mark.parametrize(("many", "title"), [(1, "Remix 1 video"), (3, "Remix 3 videos")])
def test_title_counts_the_videos_that_will_be_remixed(
    admin_client: Client, many: int, title: str
) -> None:
    still = make_clip(file="videos/sea.txt")

    page = admin_client.get(page_of(draft(still, *(make_clip() for _ in range(many)))))

    assert texts(page, "h1") == [title]
    assert texts(page, "title")[0].startswith(f"{title} |")


def test_first_videos_are_shown_as_pictures_with_their_length(admin_client: Client) -> None:
    clips = [make_clip(title=f"Clip {number}", duration=number) for number in range(60, 75)]
    batch = draft(*clips, make_clip(title="Unknown", duration=None))

    page = admin_client.post(page_of(batch), {"endpoint": "gemini-omni", "_enter": "1"})

    shown = find_all(find(page, "ul", "sora-remix-pictures"), "li")
    assert len(shown) == 13
    assert inner_text(shown[0]).startswith("▶Unknown Choose a part")
    assert inner_text(shown[1]).startswith("▶1:14Clip 74 Choose a part")
    assert inner_text(shown[12]) == "and 4 more"
    assert find(shown[12], "a").get("href") == "#sora-remix-cells"


def test_remixes_are_folded_until_one_is_unticked_or_their_page_is_turned(
    admin_client: Client,
) -> None:
    batch = draft(make_clip(), make_clip())
    values = filled_in(admin_client.get(page_of(batch)))
    pages = [
        admin_client.get(page_of(batch)),
        admin_client.post(page_of(batch), {**values, "_cell": values["_cell"][:1], "_enter": "1"}),
        admin_client.post(page_of(batch), {**values, "_page": "1"}),
    ]

    folds = [find(page, "details", id="sora-remix-remixes") for page in pages]

    assert [fold.get("open") is not None for fold in folds] == [False, True, True]
    assert [inner_text(find(fold, "summary")) for fold in folds] == [
        "2 remixes · untick what you don't want",
        "1 remix · 1 unticked",
        "2 remixes · untick what you don't want",
    ]


def test_exact_cost_is_among_the_details(admin_client: Client) -> None:
    page = admin_client.get(page_of(draft(make_clip(duration="4.123"))))

    assert texts(page, id="sora-remix-total") == ["$0.12"]
    assert texts(page, id="sora-remix-exact") == ["$0.12369"]
    assert facts(page)["Price"] == "$0.03 per second"


def test_titles_and_prompts_are_shown_as_text(admin_client: Client) -> None:
    batch = draft(make_video(title="<script>1</script>", sora_id="x"), make_video(duration=None))
    prompt = "</textarea><script>2</script>"

    response = send(admin_client, batch, {"prompt": prompt, "_terms": "others"})

    page = response.content.decode()
    assert "<script>1" not in page
    assert "<script>2" not in page
    assert "&lt;script&gt;1" in page


def test_confirming_makes_the_remixes_and_redirects_to_their_grid(client: Client) -> None:
    user = _staff(client, PERMISSIONS)
    batch = draft(make_video(), make_video(), make_video(sora_id=""), by=user)

    response = send(client, batch, {"prompt": "noir\r\nand rain", **options(delete_video="on")})

    assert response.url == grid_of(batch)
    remixes = list(batch.remixes.all())
    assert len(remixes) == 2
    assert {remix.prompt for remix in remixes} == {"noir\nand rain"}
    assert remixes[0].options == {"delete_video": True}
    assert remixes[0].requested_by == user
    assert remixes[0].estimated_cost == Decimal("0.40")


def test_grid_says_that_the_remixes_were_requested(admin_client: Client) -> None:
    page = send(admin_client, draft(), {"prompt": "noir"}, follow=True).content.decode()

    assert "1 remix was requested." in page


@pytest.mark.parametrize("prompt", ["noir", "gold"])
def test_confirming_twice_makes_the_remixes_once(admin_client: Client, prompt: str) -> None:
    batch = draft(make_video(), make_video())
    values = {**filled_in(admin_client.get(page_of(batch))), "prompt": "noir"}
    admin_client.post(page_of(batch), values)

    response = admin_client.post(page_of(batch), {**values, "prompt": prompt}, follow=True)

    assert response.redirect_chain == [(grid_of(batch), 302)]
    assert "This batch was already confirmed" in response.content.decode()
    assert [remix.prompt for remix in Remix.objects.all()] == ["noir", "noir"]


@pytest.mark.django_db(transaction=True)
def test_confirming_twice_at_the_same_moment_makes_the_remixes_once(admin_user: User) -> None:
    batch = draft(make_video(), make_video())
    reader = Client()
    reader.force_login(admin_user)
    values = {**filled_in(reader.get(page_of(batch))), "prompt": "noir"}

    def confirm() -> str:
        client = Client()
        client.force_login(admin_user)
        url: str = client.post(page_of(batch), values).url  # type: ignore[attr-defined]
        return url

    urls = at_once(confirm, times=4)

    assert set(urls) == {grid_of(batch)}
    assert batch.remixes.count() == 2


def test_confirm_page_of_a_confirmed_batch_redirects_to_its_grid(admin_client: Client) -> None:
    batch = draft()
    batch.confirm()

    response = admin_client.get(page_of(batch))

    assert response.url == grid_of(batch)  # type: ignore[attr-defined]


def test_user_without_permission_to_view_remixes_is_redirected_to_the_videos(
    client: Client,
) -> None:
    user = _staff(client, ("remix_video", "view_video"))
    batch = draft(by=user)

    response = send(client, batch, {"prompt": "noir"}, follow=True)

    assert response.redirect_chain == [("/admin/sora_remix/video/", 302)]
    assert "was requested" in response.content.decode()
    assert batch.remixes.count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    "permissions",
    [(), ("view_video", "view_remix"), ("remix_video",), ("remix_video", "confirm_any_draft")],
)
def test_confirming_needs_permission_to_view_videos_and_to_remix_them(
    client: Client, method: str, permissions: tuple[str, ...]
) -> None:
    batch = draft(by=_staff(client, permissions))

    response = getattr(client, method)(page_of(batch), {"prompt": "noir", "_recalculate": "1"})

    assert response.status_code == 403
    assert not Remix.objects.exists()


@pytest.mark.parametrize("owner", [None, "author"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_draft_of_another_user_is_not_found(client: Client, method: str, owner: str | None) -> None:
    batch = draft(by=User.objects.create_user(owner) if owner else None)
    _staff(client, PERMISSIONS)

    response = getattr(client, method)(page_of(batch), {"prompt": "noir", "_recalculate": "1"})

    assert response.status_code == 404


def test_drafts_of_others_can_be_opened_with_their_own_permission(client: Client) -> None:
    batch = draft(by=User.objects.create_user("author"))
    _staff(client, (*PERMISSIONS, "confirm_any_draft"))

    assert send(client, batch, {"prompt": "noir"}).url == grid_of(batch)
    assert batch.remixes.count() == 1


def test_anonymous_user_is_redirected_to_the_login(client: Client) -> None:
    response = client.post(page_of(draft()), {"prompt": "noir"})

    assert "/admin/login/" in response.url  # type: ignore[attr-defined]
    assert not Remix.objects.exists()


def test_confirming_without_csrf_token_is_refused(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)
    batch = draft()
    values = filled_in(client.get(page_of(batch)))

    response = client.post(page_of(batch), {**values, "csrfmiddlewaretoken": "x", "prompt": "noir"})

    assert response.status_code == 403
    assert not Remix.objects.exists()


def test_unknown_batch_is_not_found(admin_client: Client) -> None:
    assert admin_client.get(f"{BATCHES}999/confirm/").status_code == 404


def test_large_draft_has_pages_of_100_videos_and_one_total(
    admin_client: Client,
) -> None:
    batch = draft(*(make_video(title=f"Clip {number}") for number in range(130)))

    first = text_of(admin_client, batch)
    second = send(admin_client, batch, {"_page": "2", "prompt": "Half a pro"})

    page = second.content.decode()
    assert (first.count('<th scope="row">'), page.count('<th scope="row">')) == (100, 30)
    assert "Page 1 of 2" in first
    assert "Make 130 remixes for $52.00" in page
    assert "Half a pro" in page


def test_page_needs_as_many_queries_for_60_videos_and_10_prompts_as_for_3_and_1(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for videos, prompts in ((3, 1), (60, 1), (3, 10), (60, 10)):
        batch = draft(*(make_video() for _ in range(videos)))
        typed = {"prompt": ["{title}"] * prompts, "_recalculate": "1"}

        with django_assert_num_queries(12):  # one of them for the budgets
            admin_client.post(page_of(batch), typed)


def test_no_page_has_inline_script_or_style(admin_client: Client, any_endpoint: None) -> None:
    make_remix(source=make_video(), result=make_video(), status=Remix.Status.FAILED)
    lists = [f"/admin/sora_remix/{name}/" for name in ("video", "remix", "remixbatch")]

    for url in (*lists, page_of(draft())):
        page = admin_client.get(url).content.decode()

        assert "style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert "<script>" not in page
