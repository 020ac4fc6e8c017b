"""A request is stored completely or not at all, and paid for once."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import DataError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils.module_loading import import_string
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix import database, services, tasks
from sora_remix.endpoints import SORA_2, Option
from sora_remix.exceptions import InvalidTransition, RequestRefused
from sora_remix.models import (
    Chain,
    EndpointFact,
    Remix,
    RemixBatch,
    RemixEvent,
    Video,
)
from sora_remix.models.queryset import RemixQuerySet
from tests.checkout import make_clip
from tests.factories import ago, at_once, make_remix, make_video
from tests.users import User

Status = Remix.Status
Queued = list[tuple[Any, ...]]


@pytest.fixture
def queued(monkeypatch: pytest.MonkeyPatch) -> Queued:
    """Enqueued tasks with their arguments."""
    queued: Queued = []
    monkeypatch.setattr(
        tasks, "async_task", lambda name, *args: queued.append((import_string(name), *args))
    )
    return queued


@pytest.fixture(autouse=True)
def nothing_reaches_a_broker(queued: Queued) -> None:
    """Keep messages away from every broker."""


def _reasons(refused: pytest.ExceptionInfo[RequestRefused]) -> list[tuple[str, str]]:
    return [(reason.field, str(reason.message)) for reason in refused.value.reasons]


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


def test_deleted_draft_can_not_be_confirmed(db: None) -> None:
    batch = RemixBatch.objects.start([make_video().pk], by=None)
    RemixBatch.objects.delete_drafts()

    with pytest.raises(RequestRefused, match="nothing is charged"):
        services.confirm(batch, ["noir"], by=None)

    assert not Remix.objects.exists()


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

    assert _reasons(refused) == [
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

    assert _reasons(refused) == [
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

    assert _reasons(refused) == [
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


@pytest.fixture
def draft(transactional_db: None) -> RemixBatch:
    """A draft with two videos that can be remixed, and one that can't."""
    videos = [make_video(title="Sea"), make_video(title="Clip", sora_id=""), make_video()]
    return RemixBatch.objects.start([video.pk for video in videos], by=None)


def test_remixable_part_of_a_confirmed_draft_is_remixed(draft: RemixBatch) -> None:
    editor = User.objects.create_user("editor")

    remixes = services.confirm(draft, ["noir", "gold"], by=editor, options={"delete_video": True})

    assert sorted(remix.prompt for remix in remixes) == ["gold", "gold", "noir", "noir"]
    assert {remix.source.title for remix in remixes} == {"Sea"}
    for remix in Remix.objects.all():
        assert (remix.batch, remix.requested_by) == (draft, editor)
        assert remix.options == {"delete_video": True}


def test_only_the_named_videos_of_a_draft_are_remixed(draft: RemixBatch) -> None:
    first = draft.videos.order_by("pk")[0]

    remixes = services.confirm(draft, ["noir"], by=None, only={first.pk})

    assert [remix.source for remix in remixes] == [first]


def test_draft_confirmed_twice_is_remixed_once(draft: RemixBatch, queued: Queued) -> None:
    later = RemixBatch.objects.get(pk=draft.pk)
    first = services.confirm(draft, ["noir"], by=None)

    second = services.confirm(later, ["gold"], by=None)

    assert (len(first), second) == (2, [])
    assert {remix.prompt for remix in Remix.objects.all()} == {"noir"}
    assert queued == [(tasks.advance, 1)]


def test_draft_confirmed_by_two_threads_is_remixed_once(
    draft: RemixBatch,
) -> None:
    def confirm() -> int:
        return len(services.confirm(RemixBatch.objects.get(pk=draft.pk), ["noir"], by=None))

    counts = at_once(confirm, times=3)

    assert sorted(counts) == [0, 0, 2]
    assert Remix.objects.count() == 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"prompts": []},
        {"prompts": ["noir"], "endpoint": "gone"},
        {"prompts": ["noir"], "options": {"seed": 1}},
    ],
)
def test_draft_with_a_refused_confirmation_can_be_confirmed_later(
    draft: RemixBatch, queued: Queued, wrong: dict[str, Any]
) -> None:
    with pytest.raises(RequestRefused):
        services.confirm(RemixBatch.objects.get(pk=draft.pk), by=None, **wrong)

    assert (queued, list(RemixBatch.objects.drafts())) == ([], [draft])
    assert len(services.confirm(draft, ["noir"], by=None)) == 2


def test_refused_confirmation_leaves_the_instance_a_draft(draft: RemixBatch) -> None:
    with pytest.raises(RequestRefused):
        services.confirm(draft, [], by=None)

    assert draft.confirmed_at is None


def test_draft_without_remixable_videos_is_refused(db: None) -> None:
    batch = RemixBatch.objects.start([make_video(sora_id="").pk], by=None)

    with pytest.raises(RequestRefused, match=r"There is no video to remix\."):
        services.confirm(batch, ["noir"], by=None)


def test_placeholders_are_filled_in_for_each_video_of_a_draft(db: None) -> None:
    videos = [make_video(title="Sea", duration="8.250"), make_video(title="{{Sky}}", duration=10)]
    batch = RemixBatch.objects.start([video.pk for video in videos], by=None)

    services.confirm(batch, ["{title}, {seconds} s {{x}}"], by=None)

    assert {(remix.source, remix.prompt) for remix in batch.remixes.all()} == {
        (videos[0], "Sea, 8.25 s {x}"),
        (videos[1], "{{Sky}}, 10 s {x}"),
    }


def test_prompts_requested_directly_are_sent_unchanged(db: None) -> None:
    [remix] = services.request_remixes([make_video()], ["{title} {{ }"])

    assert remix.prompt == "{title} {{ }"


def test_unticked_cells_are_not_remixed(db: None) -> None:
    sea, sky = make_video(), make_video()
    batch = RemixBatch.objects.start([sea.pk, sky.pk], by=None)
    off = [(sea.pk, 1), (sky.pk, 0), (sky.pk, 7), (0, 0)]

    services.confirm(batch, ["noir", "gold"], by=None, without=off)

    made = {(remix.source, remix.prompt) for remix in batch.remixes.all()}
    assert made == {(sea, "noir"), (sky, "gold")}


def test_draft_with_every_cell_unticked_is_refused(db: None) -> None:
    video = make_video()
    batch = RemixBatch.objects.start([video.pk], by=None)

    with pytest.raises(RequestRefused) as refused:
        services.confirm(batch, ["noir"], by=None, without={(video.pk, 0)})

    assert _reasons(refused) == [
        ("videos", "All remixes are unticked. Tick at least one."),
    ]
    assert list(RemixBatch.objects.drafts()) == [batch]


def test_every_wrong_placeholder_is_a_reason(db: None) -> None:
    batch = RemixBatch.objects.start([make_video(title="Sea", duration=None).pk], by=None)

    with pytest.raises(RequestRefused) as refused:
        services.confirm(batch, ["{seconds} s", "{", " "], by=None)

    assert _reasons(refused) == [
        ("prompts", "“Sea”: its {seconds} is unknown."),
        ("prompts", "A single “{” isn't allowed. To get a brace, type it twice."),
        ("prompts", "The prompt is empty."),
    ]


@pytest.mark.parametrize(("videos", "prompts"), [(3, 1), (60, 1), (3, 10), (60, 10)])
def test_draft_of_any_size_is_confirmed_with_as_many_queries(
    db: None, videos: int, prompts: int
) -> None:
    batch = RemixBatch.objects.start([make_video().pk for _ in range(videos)], by=None)

    with CaptureQueriesContext(connection) as queries:
        typed = [f"{{title}} {n}" for n in range(prompts)]
        services.confirm(batch, typed, by=None, endpoint="sora-2")

    # How many rows go into one INSERT is the database's choice.
    inserts = [one for one in queries if one["sql"].startswith("INSERT INTO ")]
    returns_keys = connection.features.can_return_rows_from_bulk_insert
    reads_of_keys = 0 if returns_keys else 1
    assert len(queries) - len(inserts) == 10 + reads_of_keys  # two of them for budgets
    assert batch.remixes.count() == videos * prompts


def test_two_thousand_remixes_are_confirmed_quickly(db: None) -> None:
    batch = RemixBatch.objects.start([make_video().pk for _ in range(200)], by=None)
    start = time.process_time()

    remixes = services.confirm(batch, [f"{{title}} {n}" for n in range(10)], by=None)

    assert (len(remixes), time.process_time() - start < 3) == (2000, True)


@pytest.mark.parametrize("status", [Status.FAILED, Status.CANCELLED])
def test_retry_is_a_new_remix_with_the_same_input(db: None, status: str) -> None:
    editor = User.objects.create_user("editor")
    batch = RemixBatch.objects.start([], by=None)
    remix = make_remix(status=status, batch=batch, options={"delete_video": True})

    again = services.retry(remix, by=editor)

    assert (again.retry_of, again.status, again.requested_by) == (remix, Status.QUEUED, editor)
    for name in ("source", "prompt", "endpoint", "endpoint_id", "options", "batch"):
        assert getattr(again, name) == getattr(remix, name)
    assert (again.estimated_cost, again.request_id) == (Decimal("0.40"), "")


def test_retry_is_enqueued_after_the_commit(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        services.retry(make_remix(status=Status.FAILED), by=None)

    assert queued == [(tasks.advance, 1)]


@pytest.mark.parametrize(
    "status", [one for one in Status if one not in (Status.FAILED, Status.CANCELLED)]
)
def test_retry_of_a_remix_that_did_not_fail_is_refused(db: None, status: str) -> None:
    remix = make_remix(status=status)

    with pytest.raises(InvalidTransition, match="Only failed or cancelled remixes"):
        services.retry(remix, by=None)

    assert list(Remix.objects.all()) == [remix]


def test_retry_of_a_source_deleted_at_its_provider_is_refused(db: None) -> None:
    remix = make_remix(status=Status.FAILED, source=make_video(is_deleted_at_provider=True))

    with pytest.raises(RequestRefused, match="has deleted it"):
        services.retry(remix, by=None)

    assert Remix.objects.count() == 1


def test_retry_checks_the_current_row(db: None) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")
    Remix.objects.get(pk=remix.pk).reopen()

    with pytest.raises(InvalidTransition):
        services.retry(remix, by=None)


def test_second_retry_is_refused(db: None) -> None:
    remix = make_remix(status=Status.FAILED)
    again = services.retry(remix, by=None)

    with pytest.raises(InvalidTransition):
        services.retry(Remix.objects.get(pk=remix.pk), by=None)

    assert set(Remix.objects.all()) == {remix, again}


def test_unsent_remix_can_be_cancelled(db: None) -> None:
    remix = make_remix()

    services.cancel(remix, by=None)

    assert Remix.objects.get().status == Status.CANCELLED


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.UNCONFIRMED, Status.PROCESSING])
def test_cancelling_a_sent_remix_is_requested_at_fal(db: None, status: str) -> None:
    remix = make_remix(status=status)

    services.cancel(remix, by=None)

    remix.refresh_from_db()
    assert remix.status == status
    assert remix.cancel_requested_at


@pytest.mark.parametrize(
    "status", [Status.STORING, Status.SUCCEEDED, Status.FAILED, Status.CANCELLED]
)
def test_finished_remix_can_not_be_cancelled(db: None, status: str) -> None:
    remix = make_remix(status=status)

    with pytest.raises(InvalidTransition):
        services.cancel(remix, by=None)

    remix.refresh_from_db()
    assert (remix.status, remix.cancel_requested_at) == (status, None)


def test_unconfirmed_remix_can_be_given_up(db: None) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    services.give_up(remix, by=None)

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "given_up")


def test_request_id_entered_by_a_person_settles_an_unconfirmed_remix(db: None) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    services.enter_request_id(remix, "fal-1", by=None)

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")


@pytest.mark.parametrize("status", [one for one in Status if one != Status.UNCONFIRMED])
def test_only_an_unconfirmed_remix_can_be_decided(db: None, status: str) -> None:
    remix = make_remix(status=status)

    for decide in (
        lambda: services.give_up(remix, by=None),
        lambda: services.enter_request_id(remix, "fal-1", by=None),
        lambda: services.send_again(remix, by=None),
    ):
        with pytest.raises(InvalidTransition):
            decide()

    assert Remix.objects.get().status == status


def test_request_id_of_another_remix_is_refused(db: None) -> None:
    make_remix(status=Status.SUCCEEDED, request_id="fal-1")
    remix = make_remix(status=Status.UNCONFIRMED)

    with pytest.raises(InvalidTransition):
        services.enter_request_id(remix, "fal-1", by=None)


def test_sending_again_makes_one_new_remix_and_leaves_the_first_open(db: None) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    again = services.send_again(remix, by=None)

    with pytest.raises(InvalidTransition):
        services.send_again(remix, by=None)
    remix.refresh_from_db()
    assert (again.retry_of, again.status) == (remix, Status.QUEUED)
    assert remix.status == Status.UNCONFIRMED


def test_webhook_restores_its_remix_and_enqueues_a_turn(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    remix = make_remix(status=Status.UNCONFIRMED)

    with django_capture_on_commit_callbacks(execute=True):
        services.webhook_received(remix.key, "fal-1")
        services.webhook_received(remix.key, "fal-1")

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.PROCESSING, "fal-1")
    assert remix.other_request_ids == []
    assert len(queued) == 1


def test_result_is_collected_again_free_of_charge(
    db: None,
    queued: Queued,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")

    with django_capture_on_commit_callbacks(execute=True):
        services.collect_again(remix, by=None)
        before = list(queued)

    assert (before, queued) == ([], [(tasks.collect, remix.pk)])
    assert [one.status for one in Remix.objects.all()] == [Status.STORING]


@pytest.mark.parametrize(
    "values",
    [
        {"status": Status.FAILED},
        {"status": Status.SUCCEEDED, "request_id": "fal-1"},
        {"status": Status.PROCESSING, "request_id": "fal-1"},
        {"status": Status.CANCELLED, "request_id": "fal-1"},
    ],
)
def test_only_a_remix_that_failed_after_acceptance_is_collected_again(
    db: None,
    queued: Queued,
    values: dict[str, Any],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    remix = make_remix(**values)

    with django_capture_on_commit_callbacks(execute=True), pytest.raises(InvalidTransition):
        services.collect_again(remix, by=None)

    assert (queued, Remix.objects.get().status) == ([], values["status"])


Kind = RemixEvent.Kind


def _told(remix: Remix) -> list[tuple[str, str, Any]]:
    return [(event.kind, event.detail, event.by) for event in remix.events.all()]


def test_every_remix_has_an_event_with_its_requester(db: None) -> None:
    editor = User.objects.create_user("editor")

    remixes = services.request_remixes([make_video()], ["noir", "gold"], by=editor)

    assert [_told(remix) for remix in remixes] == [[(Kind.REQUESTED, "", editor)]] * 2


@pytest.mark.parametrize(
    ("act", "status", "kind"),
    [
        (services.retry, Status.FAILED, Kind.RETRIED),
        (services.send_again, Status.UNCONFIRMED, Kind.SENT_AGAIN),
    ],
)
def test_retry_is_recorded_in_the_history_of_both_remixes(
    db: None, act: Any, status: str, kind: Kind
) -> None:
    remix, editor = make_remix(status=status), User.objects.create_user("editor")

    again = act(remix, by=editor)

    assert _told(remix) == [(kind, str(again.pk), editor)]
    assert _told(again) == [(Kind.REQUESTED, str(remix.pk), editor)]


@pytest.mark.parametrize(
    ("act", "status", "kind", "detail"),
    [
        (services.cancel, Status.QUEUED, Kind.CANCELLED, ""),
        (services.cancel, Status.PROCESSING, Kind.CANCEL_WISHED, ""),
        (services.collect_again, Status.FAILED, Kind.COLLECTED_AGAIN, ""),
        (services.give_up, Status.UNCONFIRMED, Kind.GIVEN_UP, ""),
        (
            lambda remix, by: services.enter_request_id(remix, "fal-2", by=by),
            Status.UNCONFIRMED,
            Kind.ID_ENTERED,
            "fal-2",
        ),
    ],
)
def test_decision_by_code_is_recorded_with_the_given_person(
    db: None, act: Any, status: str, kind: Kind, detail: str
) -> None:
    remix, editor = make_remix(status=status, request_id="fal-1"), User.objects.create_user("e")

    act(remix, by=editor)

    assert _told(remix) == [(kind, detail, editor)]


@pytest.mark.parametrize("by", [None, AnonymousUser()])
def test_decision_without_a_person_is_recorded_without_one(db: None, by: Any) -> None:
    remix = make_remix()

    services.cancel(remix, by=by)

    assert _told(remix) == [(Kind.CANCELLED, "", None)]


def test_pause_can_be_ended_and_a_turn_is_enqueued(
    db: None,
    queued: Queued,
    caplog: pytest.LogCaptureFixture,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    caplog.set_level("INFO", "sora_remix.services")
    Chain.objects.hold_back(ago(minutes=-30), "HTTP 429: slow down")

    with django_capture_on_commit_callbacks(execute=True):
        was_paused = services.resume_sending(by=User(username="ann"))

    assert (was_paused, Chain.objects.is_held(), queued) == (True, False, [(tasks.advance, 1)])
    assert "ann resumed sending, which was paused until" in caplog.text
    assert "HTTP 429: slow down" in caplog.text


def test_postponed_remixes_are_sent_when_sending_is_resumed(db: None) -> None:
    put_off = make_remix(due_at=ago(hours=-1))
    others = [
        make_remix(due_at=ago(hours=-1), is_ready=False),
        make_remix(due_at=ago(hours=-1), status=Status.PROCESSING),
    ]

    was_paused = services.resume_sending(by=None)

    assert not was_paused
    assert list(Remix.objects.to_send()) == [put_off]
    for remix in others:
        assert Remix.objects.get(pk=remix.pk).due_at == remix.due_at


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


def test_unticked_cells_do_not_count_against_the_limit(db: None, settings: Any) -> None:
    settings.SORA_REMIX_MAX_BATCH = 3
    videos = [make_video(), make_video()]
    batch = RemixBatch.objects.start([video.pk for video in videos], by=None)

    made = services.confirm(batch, ["a", "b"], by=None, without={(videos[0].pk, 1)})

    assert len(made) == 3
