"""Editors find videos in Wagtail, and get from there to the page that confirms remixes."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_remix.models import Approval, Remix, RemixBatch, Video
from tests.admin_urls import confirm_url
from tests.approved_videos import show
from tests.checkout import make_clip
from tests.factories import make_remix
from tests.forms import form_with
from tests.html import find_all, inner_text, links
from tests.sites.wagtail.people import make_editor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]

LIST = "/cms/sora-remix/videos/"
TITLE = "sora-remix-card__title"


def _titles(client: Client, **query: str) -> list[str]:
    return [inner_text(one) for one in find_all(client.get(LIST, query), "bdi", TITLE)]


def test_list_shows_videos_with_their_picture_and_approval(cms: Client) -> None:
    video = show(title="Low tide")
    make_clip(title="High tide")

    page = cms.get(LIST)

    assert _titles(cms) == ["High tide", "Low tide"]
    assert video.thumbnail.url in page.content.decode()
    assert [inner_text(one) for one in find_all(page, "span", "w-status")] == ["new", "approved"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "low"}, ["Low tide"]),
        ({"approval": "new"}, ["High tide"]),
        ({"approval": "approved"}, ["Low tide"]),
        ({"origin": "upload"}, ["High tide"]),
        ({"origin": "sora"}, ["Low tide"]),
        ({"origin": "nonsense"}, ["High tide", "Low tide"]),
    ],
)
def test_search_and_filters_are_those_of_the_django_admin(
    cms: Client, query: dict[str, str], found: list[str]
) -> None:
    show(title="Low tide")
    make_clip(title="High tide")

    assert _titles(cms, **query) == found


def test_results_of_a_search_come_without_the_page_around_them(cms: Client) -> None:
    show(title="Low tide")

    html = cms.get(f"{LIST}results/", {"q": "tide"}).content.decode()

    assert "Low tide" in html and "<html" not in html


def test_list_needs_the_permission_to_view_videos(client: Client) -> None:
    client.force_login(make_editor("add_video"))

    assert client.get(LIST).status_code == 302
    assert LIST not in client.get("/cms/").content.decode()


def test_menu_and_summary_lead_to_the_list(cms: Client) -> None:
    show()

    home = cms.get("/cms/")

    assert LIST in links(home)
    assert "1 Video" in home.content.decode()


def test_list_says_how_far_remixes_are(cms: Client) -> None:
    video = show()
    for status in (Remix.Status.PROCESSING, Remix.Status.PROCESSING, Remix.Status.FAILED):
        make_remix(source=video, status=status)

    assert "Remixes: 2 in progress, 1 failed" in cms.get(LIST).content.decode()


def test_remixes_are_hidden_from_users_who_may_not_view_them(client: Client) -> None:
    make_remix(source=show(), status=Remix.Status.FAILED)
    client.force_login(make_editor("view_video"))

    assert "Remixes:" not in client.get(LIST).content.decode()


def test_one_video_is_remixed_in_the_django_admin(cms: Client) -> None:
    video = make_clip(title="High tide")
    form = form_with(cms.get(LIST), "_selected_action")

    answer = cms.post("/admin/sora_remix/video/remix/", form.data({}, f"video={video.pk}"))

    batch = RemixBatch.objects.get()
    assert list(batch.videos.all()) == [video]
    assert answer.status_code == 302 and answer["Location"] == confirm_url(batch)
    assert not Remix.objects.exists()


def test_selected_videos_are_remixed_in_the_django_admin(cms: Client) -> None:
    chosen = [make_clip(title=title) for title in ("High tide", "Low tide")]
    make_clip(title="Neap tide")
    form = form_with(cms.get(LIST), "_selected_action")

    data = form.data({"_selected_action": [str(one.pk) for one in chosen]})
    answer = cms.post(form.action, data)

    batch = RemixBatch.objects.get()
    assert {*batch.videos.all()} == {*chosen}
    assert answer.status_code == 302 and answer["Location"] == confirm_url(batch)


@pytest.mark.parametrize(
    ("codenames", "is_staff"),
    [(("view_video", "view_remix"), True), (("view_video", "remix_video"), False)],
)
def test_remix_is_offered_only_to_those_who_may_confirm_it(
    client: Client, codenames: tuple[str, ...], is_staff: bool
) -> None:
    video = make_clip()
    client.force_login(make_editor(*codenames, is_staff=is_staff))

    for url in (LIST, f"{LIST}{video.pk}/"):
        page = client.get(url)
        assert page.status_code == 200
        assert "/admin/sora_remix/video/remix/" not in page.content.decode()


def test_people_without_staff_status_get_no_link_to_the_django_admin(client: Client) -> None:
    remix = make_remix(source=show(), status=Remix.Status.FAILED)
    client.force_login(make_editor(is_staff=False))

    for url in (LIST, f"{LIST}{remix.source_id}/"):
        assert "/admin/" not in client.get(url).content.decode()


def test_video_that_no_model_takes_says_why(cms: Client) -> None:
    show(sora_id="", file="")

    assert find_all(cms.get(LIST), "p", "sora-remix-card__why")


def test_number_of_queries_does_not_depend_on_the_number_of_videos(
    cms: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    make_remix(source=show())
    cms.get(LIST)
    with django_assert_max_num_queries(40) as few:
        cms.get(LIST)
    for _ in range(5):
        make_remix(source=show())

    with django_assert_max_num_queries(len(few)):
        cms.get(LIST)


def test_cleared_video_is_named_so(cms: Client) -> None:
    video = show(approval=Approval.REJECTED)
    video.clear()

    page = cms.get(LIST, {"approval": "cleared"})

    assert [inner_text(one) for one in find_all(page, "span", "w-status")] == ["cleared"]
    assert Video.objects.count() == 1
