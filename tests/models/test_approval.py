"""Videos are approved and rejected; a decision made meanwhile isn't overwritten."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import Approval, Video
from sora_remix.signals import video_approved
from tests.factories import at_once, make_video
from tests.users import User

pytestmark = pytest.mark.django_db

Decide = Callable[..., None]


def _seen(*videos: Video) -> dict[int, str]:
    return {video.pk: video.revision for video in videos}


def test_video_is_new_until_it_is_decided() -> None:
    video = make_video()

    assert (video.approval, video.is_approved, video.decided_at) == (Approval.NEW, False, None)
    assert [*Video.objects.awaiting_decision()] == [video]
    assert not Video.objects.approved().exists()


@pytest.mark.parametrize(
    ("decide", "approval"),
    [(Video.approve, Approval.APPROVED), (Video.reject, Approval.REJECTED)],
)
def test_decision_is_stored_with_its_note_and_person(
    decide: Decide, approval: Approval, admin_user: User
) -> None:
    video = make_video()

    decide(video, by=admin_user, note="As agreed.")

    kept = Video.objects.get()
    assert (kept.approval, kept.approval_note, kept.decided_by) == (
        approval,
        "As agreed.",
        admin_user,
    )
    assert kept.decided_at == video.decided_at is not None
    assert kept.is_approved is video.is_approved is (approval == Approval.APPROVED)
    assert [*Video.objects.approved()] == ([kept] if kept.is_approved else [])


def test_decision_can_be_changed() -> None:
    video = make_video()
    video.approve(note="Fine.")

    video.reject()

    kept = Video.objects.get()
    assert (kept.approval, kept.approval_note) == (Approval.REJECTED, "")


def test_decision_on_an_outdated_state_raises() -> None:
    video, same = make_video(), Video.objects.get()
    video.reject(note="Blurred.")

    with pytest.raises(InvalidTransition):
        same.approve()

    kept = Video.objects.get()
    assert (kept.approval, kept.approval_note) == (Approval.REJECTED, "Blurred.")


@pytest.mark.django_db(transaction=True)
def test_second_of_two_simultaneous_decisions_raises() -> None:
    pk = make_video().pk

    def approve() -> str:
        try:
            Video.objects.get(pk=pk).approve()
        except InvalidTransition:
            return "told"
        return "done"

    assert "done" in at_once(approve)
    assert Video.objects.get().is_approved


def test_many_videos_are_decided_with_a_constant_number_of_queries(
    admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_video()
    seen = _seen(*Video.objects.all())

    with django_assert_num_queries(4):  # a savepoint and its release among them
        done = Video.objects.all().decide(
            Approval.REJECTED, seen=seen, by=admin_user, note="Blurred."
        )

    assert done == {*Video.objects.values_list("pk", flat=True)}
    kept = Video.objects.values_list("approval", "approval_note", "decided_by").distinct()
    assert kept.order_by().get() == (Approval.REJECTED, "Blurred.", admin_user.pk)
    assert not Video.objects.filter(decided_at=None).exists()


def test_videos_changed_since_they_were_shown_are_skipped() -> None:
    new, approved, cleared = make_video(), make_video(), make_video(file="a.mp4")
    seen = _seen(new, approved, cleared)
    approved.approve(note="Fine.")
    cleared.reject()
    cleared.clear()

    cleared_now = Video.objects.get(pk=cleared.pk)
    rejected = Video.objects.all().decide(Approval.REJECTED, seen=seen | _seen(cleared_now))
    again = Video.objects.all().decide(Approval.APPROVED, seen=seen)

    assert (rejected, again) == ({new.pk}, set())
    approved.refresh_from_db()
    assert (approved.approval, approved.approval_note) == (Approval.APPROVED, "Fine.")


def test_approved_descendants_of_a_video_are_found() -> None:
    root = make_video()
    shown = make_video(root=root, approval=Approval.APPROVED)
    make_video(root=root)

    assert [*root.descendants.approved()] == [shown]


def test_approval_is_announced_once_it_is_committed(
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    found: list[tuple[int, bool]] = []

    def receive(sender: Any, video: Video, **kwargs: Any) -> None:
        found.append((video.pk, video.is_approved))

    video, other = make_video(), make_video()
    video_approved.connect(receive)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            video.approve()
            other.reject()
            assert found == []
    finally:
        video_approved.disconnect(receive)

    assert found == [(video.pk, True)]
