"""A draft is confirmed once, for those of its videos and cells that are wanted."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from sora_remix import services, tasks
from sora_remix.exceptions import RequestRefused
from sora_remix.models import (
    Remix,
    RemixBatch,
)
from tests.factories import at_once, make_video
from tests.queued_tasks import Queued, queued, reasons_of
from tests.users import User

__all__ = ["queued"]
pytestmark = pytest.mark.usefixtures("queued")

Status = Remix.Status


@pytest.fixture
def draft(transactional_db: None) -> RemixBatch:
    """A draft with two videos that can be remixed, and one that can't."""
    videos = [make_video(title="Sea"), make_video(title="Clip", sora_id=""), make_video()]
    return RemixBatch.objects.start([video.pk for video in videos], by=None)


def test_deleted_draft_can_not_be_confirmed(db: None) -> None:
    batch = RemixBatch.objects.start([make_video().pk], by=None)
    RemixBatch.objects.delete_drafts()

    with pytest.raises(RequestRefused, match="nothing is charged"):
        services.confirm(batch, ["noir"], by=None)

    assert not Remix.objects.exists()


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

    assert reasons_of(refused) == [
        ("videos", "All remixes are unticked. Tick at least one."),
    ]
    assert list(RemixBatch.objects.drafts()) == [batch]


def test_every_wrong_placeholder_is_a_reason(db: None) -> None:
    batch = RemixBatch.objects.start([make_video(title="Sea", duration=None).pk], by=None)

    with pytest.raises(RequestRefused) as refused:
        services.confirm(batch, ["{seconds} s", "{", " "], by=None)

    assert reasons_of(refused) == [
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


def test_unticked_cells_do_not_count_against_the_limit(db: None, settings: Any) -> None:
    settings.SORA_REMIX_MAX_BATCH = 3
    videos = [make_video(), make_video()]
    batch = RemixBatch.objects.start([video.pk for video in videos], by=None)

    made = services.confirm(batch, ["a", "b"], by=None, without={(videos[0].pk, 1)})

    assert len(made) == 3
