"""One new video after the other is decided about."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from sora_remix.models import RemixBatch, Video
from tests.factories import make_remix, make_video
from tests.links import change_url, review_url
from tests.ordering import draft

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"


def _result(**values: Any) -> Video:
    video = make_video(sora_id="", file="a.mp4")
    make_remix(status="succeeded", result=video, **values)
    return video


def _page(client: Client, **values: int) -> Any:
    return client.get(review_url(**values))


def _decide(client: Client, video: Video, decision: str = "approve", **values: str) -> Any:
    data = {"decision": decision, "shown": video.revision, **values}
    return client.post(review_url(video=video.pk), data, follow=True)


def _said(page: Any) -> list[str]:
    return [str(message) for message in page.context["messages"]]


def test_the_oldest_new_video_comes_first_with_all_that_is_known(admin_client: Client) -> None:
    make_video()  # without a file
    first = _result(prompt="noir", estimated_cost=Decimal("0.4"))
    _result()

    page = _page(admin_client)

    assert page.context["video"] == first
    text = page.content.decode()
    for part in ("1 of 2 new videos", "noir", "about $0.40", change_url(first), "Sea"):
        assert part in text


def test_a_decision_leads_to_the_next_one_and_back(admin_client: Client, admin_user: User) -> None:
    first, second = _result(), _result()

    page = _decide(admin_client, first, note="Sharp.")

    first.refresh_from_db()
    assert (first.approval, first.approval_note, first.decided_by) == (
        "approved",
        "Sharp.",
        admin_user,
    )
    assert page.context["video"] == second
    assert page.context["queue"].undo_url == review_url(video=first.pk)
    assert review_url(video=first.pk) in _said(page)[0]
    assert LogEntry.objects.get(object_id=str(first.pk)).get_change_message() == "Approve: Sharp."


def test_the_last_decision_can_be_changed(admin_client: Client) -> None:
    video = _result()
    _decide(admin_client, video)

    page = _page(admin_client, video=video.pk)
    _decide(admin_client, video, "reject", shown=page.context["video"].revision)

    video.refresh_from_db()
    assert video.approval == "rejected"


def test_what_somebody_else_decided_meanwhile_is_told_and_stays(admin_client: Client) -> None:
    video, following = _result(), _result()
    Video.objects.get(pk=video.pk).reject(note="Blurred.")

    page = _decide(admin_client, video)

    video.refresh_from_db()
    assert (video.approval, video.approval_note) == ("rejected", "Blurred.")
    assert "Someone else has changed it or decided on it in the meantime." in _said(page)[0]
    assert page.context["video"] == following


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
def test_what_was_changed_since_it_was_shown_is_not_decided_about(
    admin_client: Client, changed: dict[str, Any]
) -> None:
    video, _following = _result(), _result()
    Video.objects.filter(pk=video.pk).update(**changed)

    page = _decide(admin_client, video)

    video.refresh_from_db()
    assert video.approval == "new"
    assert "Someone else has changed it" in _said(page)[0]
    assert page.context["video"] == video


@pytest.mark.parametrize("held", [[], ["approve_video"]])
def test_the_page_of_a_video_leads_to_it_who_may_decide(client: Client, held: list[str]) -> None:
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


def test_who_presses_twice_is_told_of_nobody_else(admin_client: Client) -> None:
    video = make_video(sora_id="", file="a.mp4")
    sent = {"decision": "reject", "shown": video.revision, "note": "Blurred."}

    pages = [
        admin_client.post(review_url(video=video.pk), sent, follow=True).content.decode()
        for _ in range(2)
    ]

    assert not any("Someone else" in page for page in pages)
    assert LogEntry.objects.count() == 1


def test_one_is_skipped_and_comes_again_from_the_start(admin_client: Client) -> None:
    first, second = _result(), _result()

    assert _page(admin_client, after=first.pk).context["video"] == second
    end = _page(admin_client, after=second.pk)

    assert "2 skipped videos still need a decision." in end.content.decode()
    assert end.context["queue"].first_url == review_url()
    assert end.context["queue"].back_url == review_url(video=second.pk)


def test_at_the_end_nothing_is_left(admin_client: Client) -> None:
    page = _decide(admin_client, _result())

    assert "No video is waiting for a decision." in page.content.decode()


def test_only_results_of_a_batch_or_a_source_are_reviewed(admin_client: Client) -> None:
    source, batch = make_video(), draft()
    of_source, of_batch = _result(source=source), _result(batch=batch)

    assert _page(admin_client, source=source.pk).context["video"] == of_source
    page = _page(admin_client, batch=batch.pk)

    assert (page.context["video"], page.context["queue"].count) == (of_batch, 1)
    assert f"Only results of {RemixBatch.objects.get()}." in page.content.decode()
    assert f"batch={batch.pk}" in page.context["queue"].skip_url


def test_a_queue_of_any_length_takes_as_many_queries(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    first = _result()
    for many in (3, 40):
        for _number in range(many):
            _result(requested_by=User.objects.get())

        with django_assert_num_queries(12):  # one of them for the users
            _page(admin_client, after=first.pk)


@pytest.mark.parametrize("query", ["video=x", "after=-1", "batch=1%27", f"video={10**20}"])
def test_an_address_that_names_nothing_is_not_found(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{review_url()}?{query}").status_code == 404


def test_a_video_that_is_gone_is_not_found(admin_client: Client) -> None:
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
def test_nothing_else_can_be_decided_here(
    admin_client: Client, data: dict[str, str], status: int
) -> None:
    video = _result()

    response = admin_client.post(
        review_url(video=video.pk), {"decision": "approve", "shown": video.revision, **data}
    )

    assert response.status_code == status
    video.refresh_from_db()
    assert video.approval == "new"


def test_about_nothing_nothing_can_be_decided(admin_client: Client) -> None:
    response = admin_client.post(review_url(), {"decision": "approve", "shown": "new"})

    assert response.status_code == 404


def test_a_cleared_video_can_not_be_decided_about(admin_client: Client) -> None:
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
def test_only_who_may_decide_and_see_videos_reviews(
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


def test_lists_and_batches_lead_to_it(admin_client: Client) -> None:
    batch = draft()
    batch.confirm()
    _result(batch=batch)

    assert "Review 1 new video" in admin_client.get(LIST).content.decode()
    assert review_url(batch=batch.pk) in admin_client.get(change_url(batch)).content.decode()


def test_who_may_not_decide_is_not_led_there(client: Client) -> None:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_video"))
    client.force_login(user)
    _result()

    assert review_url() not in client.get(LIST).content.decode()
