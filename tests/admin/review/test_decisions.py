"""Selected videos are approved, rejected or cleared as the page showed them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.contrib.messages import get_messages
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sora_remix.admin.videos import VideoAdmin
from sora_remix.models import Approval, Remix, Video
from sora_remix.storage import app_storage
from tests.admin_urls import video_url
from tests.factories import make_remix, make_video
from tests.forms import form_with, submit
from tests.html import errors, facts, find_all, listed, messages

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/video/"
A_REVISION = "-_0123456789"
ACTIONS = ("approve_selected", "reject_selected", "clear_selected")


def _staff(client: Client, *permissions: str) -> User:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


def _ask(client: Client, action: str, *videos: Video, **more: str) -> Any:
    ticked = [str(video.pk) for video in videos]
    return client.post(LIST, {"action": action, "_selected_action": ticked, **more})


def _do(client: Client, name: str, page: Any, **values: str) -> list[str]:
    form = form_with(page, "videos")
    assert form.action == video_url(name)
    return messages(client.post(form.action, form.data(values), follow=True))


def _named(video: Video) -> str:
    return f"{video.pk}:{video.revision}"


def _approvals() -> list[str]:
    return list(Video.objects.order_by("pk").values_list("approval", flat=True))


def _logged(video: Video) -> list[str]:
    entries = LogEntry.objects.filter(object_id=str(video.pk)).order_by("pk")
    return [entry.get_change_message() for entry in entries]


def test_a_selection_is_approved_with_a_note(admin_client: Client, admin_user: User) -> None:
    videos = [make_video(), make_video()]

    page = _ask(admin_client, "approve_selected", *videos)
    before = _approvals()
    said = _do(admin_client, "approve", page, note=" As agreed. ")

    assert (before, _approvals()) == (["new"] * 2, ["approved"] * 2)
    assert said == ["2 videos were approved."]
    for video in Video.objects.all():
        assert (video.approval_note, video.decided_by) == ("As agreed.", admin_user)
        entry = LogEntry.objects.get(object_id=str(video.pk))
        assert entry.get_change_message() == "Approve: As agreed."


def test_videos_that_are_already_decided_are_skipped(admin_client: Client) -> None:
    done, cleared, new = (make_video(title=title) for title in ("done", "cleared", "new"))
    done.reject()
    Video.objects.filter(pk=cleared.pk).update(approval="rejected", cleared_at=done.decided_at)

    page = _ask(admin_client, "reject_selected", done, cleared, new)

    shown = facts(page)
    assert (shown["Reject"], shown["Not changed"][:8]) == ("1 video", "2 videos")
    text = page.content.decode()
    assert "1 × This has already been decided." in text
    assert "1 × Its files have already been cleared." in text
    assert _do(admin_client, "reject", page) == ["1 video was rejected."]
    assert _approvals() == ["rejected"] * 3
    assert not LogEntry.objects.filter(object_id=str(done.pk)).exists()


def test_selection_without_undecided_videos_is_explained(admin_client: Client) -> None:
    video = make_video()
    video.approve()

    page = _ask(admin_client, "approve_selected", video)

    assert "none of the selected videos" in page.content.decode()
    assert "<textarea" not in page.content.decode()


def test_decision_made_meanwhile_by_another_user_is_kept(admin_client: Client) -> None:
    video, other = make_video(), make_video()
    page = _ask(admin_client, "approve_selected", video, other)
    Video.objects.get(pk=video.pk).reject(note="Blurred.")

    said = _do(admin_client, "approve", page)

    assert said == [
        "1 video was approved.",
        "1 video was not changed: Someone else has changed it or decided on it in the meantime.",
    ]
    assert _approvals() == ["rejected", "approved"]
    assert Video.objects.get(pk=video.pk).approval_note == "Blurred."


def test_confirming_twice_reports_no_other_editor(admin_client: Client) -> None:
    video = make_video()
    page = _ask(admin_client, "approve_selected", video)

    said = [_do(admin_client, "approve", page, note="Fine.") for _ in range(2)]

    assert said == [["1 video was approved."]] * 2
    assert _logged(video) == ["Approve: Fine."]


def test_note_with_a_nul_character_is_refused(admin_client: Client) -> None:
    sent = {"videos": _named(make_video()), "note": "a\0b"}

    assert admin_client.post(video_url("approve"), sent).status_code == 400
    assert _approvals() == ["new"]


def test_1500_videos_are_selected_across_pages_and_approved(admin_client: Client) -> None:
    Video.objects.bulk_create(Video(title="Sea", sora_id=f"v{number}") for number in range(1500))
    first = Video.objects.order_by("pk")[0]

    page = _ask(admin_client, "approve_selected", first, select_across="1")

    assert page.content.decode().count("sora-remix-beside") == 100
    with CaptureQueriesContext(connection) as captured:
        answer = submit(admin_client, page, {"note": ""}, "")
    assert len(captured) < 50
    [message] = get_messages(answer.wsgi_request)
    assert str(message) == "1500 videos were approved."
    assert LogEntry.objects.count() == 1500
    assert Video.objects.approved().count() == 1500


def test_files_of_rejected_videos_are_cleared(
    admin_client: Client, media_root: Path, django_capture_on_commit_callbacks: Any
) -> None:
    names = [app_storage().save(f"{name}.mp4", ContentFile(b"x" * 2048)) for name in "abc"]
    rejected, needed, approved = (
        make_video(file=name, size=2048, stored_files=[name]) for name in names
    )
    for video in (rejected, needed):
        video.reject()
    approved.approve()
    make_remix(source=needed, status=Remix.Status.PROCESSING)
    page = _ask(admin_client, "clear_selected", rejected, needed, approved)
    shown = facts(page)
    assert (shown["Clear files"], shown["Not changed"][:8]) == ("1 video", "2 videos")
    assert (shown["Space freed"], shown["Files deleted"]) == ("2.0\xa0KB", "1")
    assert "Files kept" not in shown
    text = page.content.decode()
    assert "1 × It has not been rejected." in text
    assert "1 × A remix in progress still needs this file." in text

    with django_capture_on_commit_callbacks(execute=True):
        said = _do(admin_client, "clear", page)

    assert said == ["1 video was cleared."]
    assert [app_storage().exists(name) for name in names] == [False, True, True]
    assert Video.objects.get(pk=rejected.pk).cleared_at


def test_clearing_counts_kept_files_separately_and_keeps_them(
    admin_client: Client, media_root: Path, django_capture_on_commit_callbacks: Any
) -> None:
    names = [app_storage().save(f"{name}", ContentFile(b"x")) for name in ("a.mp4", "a.jpg")]
    video = make_video(file=names[0], thumbnail=names[1], size=2048, stored_files=names[1:])
    video.reject()

    page = _ask(admin_client, "clear_selected", video)
    with django_capture_on_commit_callbacks(execute=True):
        _do(admin_client, "clear", page)

    shown = facts(page)
    assert (shown["Files deleted"], shown["Files kept"]) == ("1", "1")
    assert shown["Space freed"] == "0\xa0bytes"
    assert [app_storage().exists(name) for name in names] == [True, False]
    assert not Video.objects.get().file


def test_video_without_files_can_not_be_cleared(admin_client: Client) -> None:
    video = make_video()
    video.reject()

    page = _ask(admin_client, "clear_selected", video).content.decode()

    assert "1 × The site has no file for this video." in page


def test_list_is_filtered_by_approval(admin_client: Client) -> None:
    new, approved, rejected, cleared = (make_video(title=title) for title in "nárc")
    approved.approve()
    rejected.reject()
    cleared.reject()
    Video.objects.filter(pk=cleared.pk).update(cleared_at=cleared.decided_at)

    states = ("new", "approved", "rejected", "cleared")
    found = [listed(admin_client.get(LIST, {"approval": state})) for state in states]
    assert found == [[new.pk], [approved.pk], [rejected.pk], [cleared.pk]]


@pytest.mark.parametrize(
    "named",
    [
        "x",
        "1",
        "1:",
        "1:a",
        f"1:{A_REVISION}a",
        f"{A_REVISION}:1",
        f"1:{A_REVISION},",
        f"1:{A_REVISION};2:{A_REVISION}",
        f"²:{A_REVISION}",
        f"٣:{A_REVISION}",
        f"9999999999999999999:{A_REVISION}",
    ],
)
def test_request_without_valid_videos_is_refused_or_ignored(
    admin_client: Client, named: str
) -> None:
    make_video()

    response = admin_client.post(video_url("approve"), {"videos": named})

    assert response.status_code == (302 if named.endswith(",") else 400)
    assert admin_client.get(video_url("approve")).status_code == 405


@pytest.mark.parametrize(
    ("held", "offered"),
    [
        (("view_video",), set()),
        (("view_video", "approve_video"), {"approve_selected", "reject_selected"}),
        (("view_video", "approve_video", "delete_video"), set(ACTIONS)),
        (("view_video", "delete_video"), set()),
    ],
)
def test_actions_are_offered_to_users_with_the_permission_to_approve(
    client: Client, held: tuple[str, ...], offered: set[str]
) -> None:
    _staff(client, *held)
    video = make_video(file="a.mp4")

    select = find_all(client.get(LIST), "select", name="action")
    values = {option.get("value") for one in select for option in one}

    assert values & set(ACTIONS) == offered
    for action in ACTIONS:
        name = action.removesuffix("_selected")
        answer = client.post(video_url(name), {"videos": _named(video)})
        assert answer.status_code == (302 if action in offered else 403)


def test_approving_needs_permission_to_view_videos(client: Client) -> None:
    _staff(client, "approve_video")
    video = make_video()

    assert client.post(video_url("approve"), {"videos": _named(video)}).status_code == 403
    assert _approvals() == [Approval.NEW]


def test_added_video_is_approved_if_its_creator_can_approve(client: Client) -> None:
    for number, held in enumerate(([], ["approve_video"])):
        User.objects.all().delete()
        user = _staff(client, "add_video", "view_video", *held)
        submit(client, f"{LIST}add/", {"title": "Sea", "sora_id": f"video_{number}"})

        video = Video.objects.get(sora_id=f"video_{number}")
        assert (video.is_approved, video.decided_by) == (bool(held), user if held else None)
        assert _logged(video) == ["Added.", *(["Approve"] if held else [])]


@pytest.mark.parametrize("held", [[], ["approve_video"]])
def test_unapproved_file_is_not_shown_when_it_replaces_a_missing_one(
    client: Client, media_root: Path, clip: Path, held: list[str]
) -> None:
    _staff(client, "change_video", *held)
    video = make_video(sora_id="video_1", approval=Approval.APPROVED)
    file = SimpleUploadedFile("clip.mp4", clip.read_bytes(), "video/mp4")

    answer = submit(client, f"{LIST}{video.pk}/change/", {"file": file}, follow=True)

    video.refresh_from_db()
    assert video.file
    assert video.is_approved is bool(held)
    assert ("must be approved again" in answer.content.decode()) is not bool(held)
    assert (" by editor" in answer.content.decode()) is False


CHANGES = [
    {"title": "Lake"},
    {"sora_id": "video_2"},
    {"captions": "WEBVTT\n"},
    {"captions-clear": "on"},
    {"captions_language": "de"},
]


@pytest.mark.parametrize("held", [[], ["approve_video"]])
@pytest.mark.parametrize("changes", CHANGES, ids=lambda changes: str(*changes))
def test_change_of_a_published_field_resets_the_approval_unless_made_by_an_approver(
    client: Client, media_root: Path, changes: dict[str, str], held: list[str]
) -> None:
    _staff(client, "change_video", *held)
    video = make_video(sora_id="video_1", captions="a.vtt", approval=Approval.APPROVED)
    sent: dict[str, Any] = {"title": "Sea", "sora_id": "video_1", "duration": "4", **changes}
    if "captions" in changes:
        sent["captions"] = SimpleUploadedFile("de.vtt", changes["captions"].encode())

    answer = submit(client, f"{LIST}{video.pk}/change/", sent, follow=True)

    video.refresh_from_db()
    assert video.approval == (Approval.APPROVED if held else Approval.NEW)
    assert ("must be approved again" in answer.content.decode()) is not bool(held)
    assert ("Approval withdrawn by a change" in _logged(video)) is not bool(held)


def test_change_of_an_unpublished_field_keeps_the_approval(client: Client) -> None:
    _staff(client, "change_video")
    video = make_video(sora_id="video_1", approval=Approval.APPROVED)
    sent = {"title": "Sea", "sora_id": "video_1", "duration": "4", "is_deleted_at_provider": "on"}

    submit(client, f"{LIST}{video.pk}/change/", sent)

    video.refresh_from_db()
    assert (video.is_approved, video.is_deleted_at_provider) == (True, True)


@pytest.mark.parametrize("change", [{"title": "Lake"}, {"sora_id": ""}])
def test_title_edited_in_the_list_resets_the_approval(
    client: Client, monkeypatch: pytest.MonkeyPatch, change: dict[str, str]
) -> None:
    monkeypatch.setattr(VideoAdmin, "list_editable", ("title", "sora_id"))
    monkeypatch.setattr(VideoAdmin, "list_display", ("pk", "title", "sora_id"))
    monkeypatch.setattr(VideoAdmin, "list_display_links", ("pk",))
    _staff(client, "change_video")
    video = make_video(sora_id="video_1", approval=Approval.APPROVED)
    counts = {"form-TOTAL_FORMS": "1", "form-INITIAL_FORMS": "1", "_save": "1"}
    row = {"id": str(video.pk), "title": "Sea", "sora_id": "video_1", **change}

    client.post(LIST, {**counts, **{f"form-0-{name}": value for name, value in row.items()}})

    video.refresh_from_db()
    assert video.sora_id == "video_1"
    assert (video.title, video.approval) == (
        ("Lake", Approval.NEW) if "title" in change else ("Sea", Approval.APPROVED)
    )


@pytest.mark.parametrize("file", ["", "a.mp4"])
def test_sora_id_can_not_be_removed(admin_client: Client, file: str) -> None:
    video = make_video(sora_id="video_1", file=file, approval=Approval.APPROVED)

    page = submit(admin_client, f"{LIST}{video.pk}/change/", {"sora_id": ""})

    assert page.status_code == 200
    assert "sora_id" in errors(page)
    video.refresh_from_db()
    assert video.sora_id == "video_1"


@pytest.mark.parametrize("name", ["approve", "reject"])
def test_selected_videos_are_decided_only_if_unchanged_since_shown(
    admin_client: Client, name: str
) -> None:
    videos = [make_video(file=f"{title}.mp4", title=title) for title in "abc"]
    page = _ask(admin_client, f"{name}_selected", *videos)
    Video.objects.filter(pk=videos[0].pk).update(title="A")
    Video.objects.filter(pk=videos[1].pk).update(file="B.mp4")

    said = _do(admin_client, name, page)

    assert said[1].startswith("2 videos were not changed: Someone else has changed it")
    assert [approval == "new" for approval in _approvals()] == [True, True, False]


def test_captions_added_after_the_page_was_shown_are_not_cleared(admin_client: Client) -> None:
    video = make_video(file="a.mp4")
    video.reject()
    page = _ask(admin_client, "clear_selected", video)
    Video.objects.filter(pk=video.pk).update(captions="a.vtt")

    said = _do(admin_client, "clear", page)

    assert "Someone else has changed it" in said[0]
    assert Video.objects.get().captions


def test_saving_a_title_keeps_a_decision_made_meanwhile(
    admin_client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    video, save = make_video(sora_id="", file="a.mp4"), Video.save

    def decide_and_save(self: Video, **options: Any) -> None:
        rejected = Video.objects.get(pk=self.pk)
        rejected.reject()
        rejected.clear()
        save(self, **options)

    monkeypatch.setattr(Video, "save", decide_and_save)

    submit(admin_client, f"{LIST}{video.pk}/change/", {"title": "New"})

    kept = Video.objects.get()
    assert (kept.title, kept.approval, kept.file.name) == ("New", Approval.REJECTED, "")


def test_cleared_video_can_not_get_a_new_file(admin_client: Client) -> None:
    video = make_video(file="a.mp4")
    video.reject()
    video.clear()

    page = admin_client.get(f"{LIST}{video.pk}/change/").content.decode()

    assert 'type="file"' not in page


def test_note_is_escaped(admin_client: Client) -> None:
    video = make_video(title="<script>1</script>")
    page = _ask(admin_client, "reject_selected", video)
    assert "<script>1" not in page.content.decode()
    _do(admin_client, "reject", page, note="<script>2</script>")

    for url in (f"{LIST}{video.pk}/change/", f"{LIST}{video.pk}/history/"):
        assert "<script>2" not in admin_client.get(url).content.decode()
