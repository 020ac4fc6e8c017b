"""A request is stored completely or not at all, and paid for once."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix import database, services, tasks
from sora_remix.endpoints import SORA_2, Option
from sora_remix.exceptions import RequestRefused
from sora_remix.models import (
    EndpointFact,
    Remix,
    RemixBatch,
    RemixEvent,
    Video,
)
from sora_remix.models.queryset import RemixQuerySet
from tests.checkout import make_clip
from tests.factories import make_remix, make_video
from tests.queued_tasks import Queued, queued, reasons_of
from tests.users import User

__all__ = ["queued"]
pytestmark = pytest.mark.usefixtures("queued")

Status = Remix.Status


def test_every_video_is_remixed_with_every_prompt(db: None) -> None:
    videos = [make_video(title=title) for title in ("Sea", "Sky")]

    remixes = services.request_remixes(videos, ["noir", "gold", "snow"])

    rows = Remix.objects.order_by("pk")
    assert [(remix.source.title, remix.prompt) for remix in rows] == [
        (title, prompt) for title in ("Sea", "Sky") for prompt in ("noir", "gold", "snow")
    ]
    assert remixes == list(rows)
    assert {remix.status for remix in rows} == {Status.QUEUED}


def test_remixes_have_primary_keys_on_databases_that_return_none(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = type(connection.features)
    monkeypatch.setattr(features, "can_return_rows_from_bulk_insert", False)
    monkeypatch.setattr(database, "KEYS_PER_QUERY", 4)

    with CaptureQueriesContext(connection) as queries:
        remixes = services.request_remixes([make_video()], [f"{n}" for n in range(10)])

    read_back = [one for one in queries if one["sql"].startswith("SELECT") and "IN (" in one["sql"]]
    assert len([one for one in read_back if "sora_remix_remix" in one["sql"]]) == 3
    assert [remix.prompt for remix in remixes] == [f"{n}" for n in range(10)]
    assert remixes == list(Remix.objects.order_by("pk"))
    events = RemixEvent.objects.filter(kind=RemixEvent.Kind.REQUESTED).order_by("pk")
    assert [event.remix.prompt for event in events] == [f"{n}" for n in range(10)]


def test_video_cleared_since_it_was_read_is_refused(db: None) -> None:
    video = make_video(file="sora_remix/videos/sea.mp4", approval="rejected")
    Video.objects.get(pk=video.pk).clear()

    with pytest.raises(RequestRefused, match="nothing is charged"):
        services.request_remixes([video], ["noir"])

    assert not Remix.objects.exists()


def test_video_deleted_since_it_was_read_is_refused(db: None) -> None:
    video = make_video()
    Video.objects.all().delete()

    with pytest.raises(RequestRefused, match="nothing is charged"):
        services.request_remixes([video], ["noir"])


def test_video_without_files_is_remixed_at_its_provider(db: None) -> None:
    video = make_video(file="sora_remix/videos/sea.mp4", approval="rejected")
    video.clear()

    [remix] = services.request_remixes([video], ["noir"])

    assert remix.source == video


def test_request_accepts_generators(db: None) -> None:
    make_video()

    remixes = services.request_remixes(Video.objects.iterator(), (one for one in ["noir", "gold"]))

    assert [remix.prompt for remix in remixes] == ["noir", "gold"]


def test_remix_stores_everything_needed_for_sending(db: None) -> None:
    editor = User.objects.create_user("editor")
    batch = RemixBatch.objects.start([], by=editor)

    services.request_remixes([make_video()], ["noir"], by=editor, batch=batch)

    remix = Remix.objects.get()
    assert (remix.requested_by, remix.batch, remix.retry_of) == (editor, batch, None)
    assert (remix.endpoint, remix.endpoint_id) == ("sora-2", "fal-ai/sora-2/video-to-video/remix")
    assert remix.options == {"delete_video": False}


@pytest.mark.parametrize(
    ("options", "stored"),
    [
        (None, {"delete_video": False}),
        ({}, {"delete_video": False}),
        ({"delete_video": True}, {"delete_video": True}),
    ],
)
def test_options_are_stored_as_sent(
    db: None, options: dict[str, Any] | None, stored: dict[str, Any]
) -> None:
    services.request_remixes([make_video()], ["noir"], options=options)

    assert Remix.objects.get().options == stored


def test_options_keep_their_wire_types(db: None, settings: Settings) -> None:
    options = tuple(Option(name=kind, kind=kind) for kind in ("int", "number", "text"))
    settings.SORA_REMIX_ENDPOINTS = {
        "mine": replace(SORA_2, key="mine", options=options, deletes_result="")
    }
    chosen = {"int": 0, "number": 0.5, "text": "0"}

    services.request_remixes([make_video()], ["noir"], endpoint="mine", options=chosen)

    assert repr(sorted(Remix.objects.get().options.items())) == repr(sorted(chosen.items()))


def test_endpoint_of_a_remix_does_not_change_with_the_settings(
    db: None, settings: Settings
) -> None:
    mine = replace(SORA_2, key="mine", endpoint_id="fal-ai/mine")
    settings.SORA_REMIX_ENDPOINTS = {"mine": mine}
    settings.SORA_REMIX_ENDPOINT = "mine"
    services.request_remixes([make_video()], ["noir"])

    settings.SORA_REMIX_ENDPOINTS = {"mine": replace(mine, endpoint_id="fal-ai/other")}

    assert (Remix.objects.get().endpoint, Remix.objects.get().endpoint_id) == (
        "mine",
        "fal-ai/mine",
    )


@pytest.mark.parametrize(
    ("seconds", "cost"), [(Decimal("4.5"), Decimal("0.45")), (None, None), (4, Decimal("0.4"))]
)
def test_estimate_is_stored_and_unknown_is_not_zero(
    db: None, seconds: Decimal | None, cost: Decimal | None
) -> None:
    video = make_video(duration=seconds)

    services.request_remixes([video], ["noir"])

    assert Remix.objects.get().estimated_cost == cost


@pytest.mark.parametrize("by", [None, AnonymousUser()])
def test_remix_can_be_requested_without_a_person(db: None, by: Any) -> None:
    services.request_remixes([make_video()], ["noir"], by=by)

    assert Remix.objects.get().requested_by is None


def test_task_is_enqueued_once_after_the_commit(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.request_remixes([make_video(), make_video()], ["noir", "gold"])
        before = list(queued)

    assert (before, queued) == ([], [(tasks.advance, 1)])


def test_task_is_not_enqueued_after_a_rollback(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        services.request_remixes([make_video()], ["noir"])
        transaction.set_rollback(True)

    assert (queued, Remix.objects.count()) == ([], 0)


def test_all_errors_are_named_at_once_and_each_only_once(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    videos = [make_video(title="A", sora_id=""), make_video(title="B", is_deleted_at_provider=True)]
    options = {"delete_video": "no", "seed": 1}

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(RequestRefused) as refused:
        services.request_remixes([*videos, make_video()], ["", "fine", " "], options=options)

    assert reasons_of(refused) == [
        ("delete_video", "“delete_video” must be true or false."),
        ("seed", "“Sora 2” has no option “seed”."),
        ("videos", "“A”: It is not a Sora generation: it has no Sora id."),
        ("videos", "“B”: Its provider has deleted it, so it can no longer be remixed."),
        ("prompts", "The prompt is empty."),
    ]
    assert (queued, Remix.objects.count()) == ([], 0)


def test_clip_without_a_named_endpoint_is_remixed_at_a_current_one(db: None) -> None:
    [remix] = services.request_remixes([make_clip()], ["make it noir"])
    [of_sora] = services.request_remixes([make_video()], ["make it noir"])

    assert (remix.endpoint, of_sora.endpoint) == ("flux-3", "sora-2")


def test_endpoint_retired_by_fal_is_not_used_as_default(db: None) -> None:
    EndpointFact.objects.note_retired(SORA_2.endpoint_id)

    [remix] = services.request_remixes([make_video(file="videos/sea.mp4")], ["make it noir"])

    assert remix.endpoint == "flux-3"


def test_videos_without_a_common_endpoint_are_refused_with_an_explanation(db: None) -> None:
    clip, generation = make_clip(title="Clip"), make_video(title="Generation")

    with pytest.raises(RequestRefused) as refused:
        services.request_remixes([generation, clip], ["make it noir"])

    assert reasons_of(refused) == [
        ("videos", "“Generation”: It has no file that can be sent."),
        (
            "endpoint",
            "“FLUX 3” accepts only some of these videos. Request the others separately "
            "with another model.",
        ),
    ]
    assert not Remix.objects.exists()


def test_missing_videos_and_missing_prompts_are_both_named(db: None) -> None:
    with pytest.raises(RequestRefused) as refused:
        services.request_remixes([], [])

    assert reasons_of(refused) == [
        ("videos", "There is no video to remix."),
        ("prompts", "Enter a prompt."),
    ]


@pytest.mark.parametrize("records", [{}, {"gone": {}}], ids=["unknown", "invalid"])
def test_unusable_endpoint_is_named(db: None, settings: Settings, records: dict[str, Any]) -> None:
    settings.SORA_REMIX_ENDPOINTS = records

    with pytest.raises(RequestRefused, match="gone") as refused:
        services.request_remixes([make_video()], ["noir"], endpoint="gone")

    assert [reason.field for reason in refused.value.reasons] == ["endpoint"]
    assert not Remix.objects.exists()


def test_unavailable_broker_does_not_break_the_request(
    transactional_db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def down(*_task: Any) -> None:
        raise ConnectionError("The broker is down.")

    monkeypatch.setattr(tasks, "async_task", down)

    services.request_remixes([make_video()], ["noir"])
    services.collect_again(make_remix(status=Status.FAILED, request_id="fal-1"), by=None)

    assert {remix.status for remix in Remix.objects.all()} == {Status.QUEUED, Status.STORING}


def test_text_that_the_database_refuses_is_named_and_nothing_is_requested(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_args: Any, **_values: Any) -> None:
        raise DataError("Incorrect string value")

    monkeypatch.setattr(RemixQuerySet, "bulk_create", refuse)

    with pytest.raises(RequestRefused, match="database can't store this text") as refusal:
        services.request_remixes([make_video()], ["add 🔥"])

    assert [reason.field for reason in refusal.value.reasons] == ["prompts"]


@pytest.mark.parametrize("prompts", [["a", "b", "c"], ["a", "b"]])
def test_too_many_remixes_in_one_request_are_refused(
    db: None, settings: Any, prompts: list[str]
) -> None:
    settings.SORA_REMIX_MAX_BATCH = 3
    videos = [make_video(), make_video()]
    batch = RemixBatch.objects.start([video.pk for video in videos], by=None)

    with pytest.raises(RequestRefused, match="at most 3 remixes"):
        services.request_remixes(videos, prompts)
    with pytest.raises(RequestRefused, match="at most 3 remixes"):
        services.confirm(batch, prompts, by=None)

    assert not Remix.objects.exists()
    assert batch.confirmed_at is None


def test_prompts_requested_directly_are_sent_unchanged(db: None) -> None:
    [remix] = services.request_remixes([make_video()], ["{title} {{ }"])

    assert remix.prompt == "{title} {{ }"
