"""New videos are reviewed one by one."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_remix.models import RemixBatch, Video
from tests.admin_urls import change_url, review_url, video_url
from tests.checkout import draft
from tests.factories import make_remix, make_video
from tests.forms import form_with, forms_of, submit
from tests.html import find, find_all, inner_text, links, messages, texts
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"


def _result(**values: Any) -> Video:
    video = make_video(sora_id="", file="a.mp4")
    make_remix(status="succeeded", result=video, **values)
    return video


def _page(client: Client, **values: int) -> Any:
    return client.get(review_url(**values))


def _decide(client: Client, video: Video, decision: str = "approve", **values: str) -> Any:
    return _press(client, _page(client, video=video.pk), decision, **values)


def _press(client: Client, page: Any, decision: str = "approve", **values: str) -> Any:
    """Press the button of a decision on a page that is open."""
    return submit(client, page, {"note": "", **values}, f"decision={decision}", follow=True)


def _shown(page: Any) -> int:
    """Return the primary key of the video on a page."""
    return int(str(form_with(page, "decision").values["video"]))


def _ways(page: Any) -> dict[str, str]:
    """Return the links on a page by their texts."""
    return {inner_text(link): link.get("href", "") for link in find_all(page, "a")}


def test_oldest_new_video_is_shown_first_with_its_facts(admin_client: Client) -> None:
    make_video()  # without a file
    first = _result(prompt="noir", estimated_cost=Decimal("0.4"))
    _result()

    page = _page(admin_client)

    assert _shown(page) == first.pk
    text = page.content.decode()
    for part in ("1 of 2 new videos", "noir", "about $0.40", change_url(first), "Sea"):
        assert part in text


def test_decision_redirects_to_the_next_video_with_a_link_back(
    admin_client: Client, admin_user: User
) -> None:
    first, second = _result(), _result()

    page = _decide(admin_client, first, note="Sharp.")

    first.refresh_from_db()
    assert (first.approval, first.approval_note, first.decided_by) == (
        "approved",
        "Sharp.",
        admin_user,
    )
    assert _shown(page) == second.pk
    assert _ways(page)["Back to your last decision"] == review_url(video=first.pk)
    assert review_url(video=first.pk) in links(page, find(page, "ul", "messagelist"))
    assert LogEntry.objects.get(object_id=str(first.pk)).get_change_message() == "Approve: Sharp."


def test_the_last_decision_can_be_changed(admin_client: Client) -> None:
    video = _result()
    _decide(admin_client, video)

    _decide(admin_client, video, "reject")

    video.refresh_from_db()
    assert video.approval == "rejected"


def test_decision_made_meanwhile_by_another_user_is_reported_and_kept(
    admin_client: Client,
) -> None:
    video, following = _result(), _result()
    shown = _page(admin_client, video=video.pk)
    Video.objects.get(pk=video.pk).reject(note="Blurred.")

    page = _press(admin_client, shown)

    video.refresh_from_db()
    assert (video.approval, video.approval_note) == ("rejected", "Blurred.")
    assert "Someone else has changed it or decided on it in the meantime." in messages(page)[0]
    assert _shown(page) == following.pk


@pytest.mark.parametrize(
    "changed",
    [
        {"title": "Lake"},
        {"file": "b.mp4"},
        {"size": 5},
        {"captions": "b.vtt"},
        {"captions_language": "de"},
    ],
)
def test_video_changed_since_it_was_shown_is_not_decided(
    admin_client: Client, changed: dict[str, Any]
) -> None:
    video, _following = _result(), _result()
    shown = _page(admin_client, video=video.pk)
    Video.objects.filter(pk=video.pk).update(**changed)

    page = _press(admin_client, shown)

    video.refresh_from_db()
    assert video.approval == "new"
    assert "Someone else has changed it" in messages(page)[0]
    assert _shown(page) == video.pk


@pytest.mark.parametrize("held", [[], ["approve_video"]])
def test_page_of_a_video_links_to_its_review_for_approvers(client: Client, held: list[str]) -> None:
    user = User.objects.create_user("editor", is_staff=True)
    codenames = ["view_video", *held]
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client.force_login(user)
    video = make_video(file="a.mp4")

    open_one = client.get(change_url(video)).content.decode()
    video.reject()
    video.clear()
    cleared = client.get(change_url(video)).content.decode()

    assert (f'"{review_url(video=video.pk)}"' in open_one) is bool(held)
    assert review_url(video=video.pk) not in cleared


def test_deciding_twice_reports_no_other_editor(admin_client: Client) -> None:
    video = make_video(sora_id="", file="a.mp4")
    shown = _page(admin_client, video=video.pk)

    pages = [
        _press(admin_client, shown, "reject", note="Blurred.").content.decode() for _ in range(2)
    ]

    assert not any("Someone else" in page for page in pages)
    assert LogEntry.objects.count() == 1


def test_skipped_video_is_shown_again_from_the_start(admin_client: Client) -> None:
    first, second = _result(), _result()

    assert _shown(_page(admin_client, after=first.pk)) == second.pk
    end = _page(admin_client, after=second.pk)

    assert "2 skipped videos still need a decision." in end.content.decode()
    assert _ways(end)["Start over"] == review_url()
    assert _ways(end)["Previous video"] == review_url(video=second.pk)


def test_end_of_the_queue_is_shown(admin_client: Client) -> None:
    page = _decide(admin_client, _result())

    assert "No video is waiting for a decision." in page.content.decode()


def test_review_is_limited_to_the_results_of_a_batch_or_a_source(admin_client: Client) -> None:
    source, batch = make_video(), draft()
    of_source, of_batch = _result(source=source), _result(batch=batch)

    assert _shown(_page(admin_client, source=source.pk)) == of_source.pk
    page = _page(admin_client, batch=batch.pk)

    assert _shown(page) == of_batch.pk
    assert texts(page, "p", "sora-remix-position") == ["1 of 1 new videos"]
    assert f"Only results of {RemixBatch.objects.get()}." in page.content.decode()
    assert f"batch={batch.pk}" in _ways(page)["Skip"]


def test_review_needs_the_same_number_of_queries_for_any_queue(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = _result()
    for many in (3, 40):
        for _number in range(many):
            _result(requested_by=User.objects.get())

        with django_assert_num_queries(13):  # one of them for the users
            _page(admin_client, after=first.pk)


@pytest.mark.parametrize("query", ["video=x", "after=-1", "batch=1%27", f"video={10**20}"])
def test_url_without_a_valid_video_is_not_found(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{review_url()}?{query}").status_code == 404


def test_deleted_video_is_not_found(admin_client: Client) -> None:
    assert _page(admin_client, video=1).status_code == 404


@pytest.mark.parametrize(
    ("data", "status"),
    [
        ({"decision": "clear"}, 404),
        ({"decision": "x"}, 404),
        ({"shown": "x"}, 302),
        ({"shown": ""}, 302),
    ],
)
def test_unknown_decision_is_refused(
    admin_client: Client, data: dict[str, str], status: int
) -> None:
    video = _result()

    response = admin_client.post(
        review_url(video=video.pk), {"decision": "approve", "shown": video.revision, **data}
    )

    assert response.status_code == status
    video.refresh_from_db()
    assert video.approval == "new"


def test_decision_without_a_video_is_refused(admin_client: Client) -> None:
    response = admin_client.post(review_url(), {"decision": "approve", "shown": "new"})

    assert response.status_code == 404


def test_cleared_video_can_not_be_decided(admin_client: Client) -> None:
    video = _result()
    video.reject()
    video.clear()

    page = _page(admin_client, video=video.pk)

    assert "sora-remix-review-parts" in page.content.decode()
    assert 'name="decision"' not in page.content.decode()


@pytest.mark.parametrize(
    ("held", "status"),
    [(("view_video",), 403), (("approve_video",), 403), (("view_video", "approve_video"), 200)],
)
def test_review_needs_permission_to_approve_and_to_view_videos(
    client: Client, held: tuple[str, ...], status: int
) -> None:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=held))
    client.force_login(user)
    video = _result(prompt="a secret prompt")

    page = _page(client)

    assert page.status_code == status
    assert "a secret prompt" not in page.content.decode()
    sent = {"decision": "approve", "shown": video.revision}
    answer = client.post(review_url(video=video.pk), sent)
    assert answer.status_code == (302 if status == 200 else 403)


def test_lists_and_batches_link_to_the_review(admin_client: Client) -> None:
    batch = draft()
    batch.confirm()
    _result(batch=batch)

    assert "Review 1 new video" in admin_client.get(LIST).content.decode()
    assert review_url(batch=batch.pk) in admin_client.get(change_url(batch)).content.decode()


def test_review_is_not_linked_without_the_permission(client: Client) -> None:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_video"))
    client.force_login(user)
    _result()

    assert review_url() not in client.get(LIST).content.decode()


def test_shown_video_can_be_remixed(admin_client: Client) -> None:
    result = _result()
    page = _page(admin_client)
    [form] = [one for one in forms_of(page) if one.action == video_url("remix")]

    admin_client.post(form.action, form.data(button=f"video={result.pk}"))

    assert list(RemixBatch.objects.get().videos.all()) == [result]


@pytest.mark.parametrize("is_accepted", [True, False])
def test_only_people_who_may_remix_are_offered_what_a_model_accepts(
    client: Client, is_accepted: bool
) -> None:
    result = _result()
    if not is_accepted:
        Video.objects.filter(pk=result.pk).update(container="mp4")  # in which nothing moves
    shown = []
    for name, held in (("one", ()), ("other", ("remix_video",))):
        log_in(client, "view_video", "view_remix", "approve_video", *held, username=name)
        shown.append(video_url("remix") in _page(client, video=result.pk).content.decode())

    assert shown == [False, is_accepted]
