"""A selection is kept as a draft until it is confirmed, once."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import translation

from sora_remix.models import RemixBatch, Video
from sora_remix.models import batch as batches
from tests.factories import ago, at_once, make_remix, make_video, moment
from tests.users import User


@pytest.fixture
def videos(db: None) -> list[Video]:
    return [make_video() for _ in range(3)]


def test_draft_keeps_the_selected_videos_and_its_creator(videos: list[Video]) -> None:
    editor = User.objects.create_user("editor")

    batch = RemixBatch.objects.start([videos[0].pk, videos[2].pk], by=editor)

    assert set(batch.videos.all()) == {videos[0], videos[2]}
    assert (batch.created_by, batch.confirmed_at) == (editor, None)


@pytest.mark.parametrize(
    ("many", "name"),
    [
        (1, "Mountains at dusk, November 29"),
        (2, "Mountains at dusk and 1 more, November 29"),
        (3, "Mountains at dusk and 2 more, November 29"),
    ],
)
def test_draft_is_named_after_its_first_video_and_the_day(
    db: None, monkeypatch: pytest.MonkeyPatch, many: int, name: str
) -> None:
    monkeypatch.setattr(batches, "today", lambda: date(2026, 11, 29))
    titles = ("Mountains at dusk", "Sea", "Wood")
    chosen = [make_video(title=title).pk for title in titles[:many]]

    batch = RemixBatch.objects.start(chosen, by=None)

    assert str(RemixBatch.objects.get(pk=batch.pk)) == name


def test_name_of_a_draft_is_in_the_language_of_its_creator(
    db: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "today", lambda: date(2026, 11, 29))

    with translation.override("de"):
        batch = RemixBatch.objects.start([make_video(title="Meer").pk], by=None)

    assert batch.name == "Meer, 29. November"


def test_name_of_a_draft_fits_into_its_column(db: None) -> None:
    for title in ("M" * 200, "a" + "\u0301" * 199):
        batch = RemixBatch.objects.start([make_video(title=title).pk], by=None)

        assert 80 < len(batch.name) <= 200


def test_batch_without_a_name_is_called_by_its_number_and_day(db: None) -> None:
    batch = RemixBatch.objects.start([], by=None)
    RemixBatch.objects.update(created_at=moment(2026, 11, 29, 12))

    assert str(RemixBatch.objects.get()) == f"Batch {batch.pk}, November 29"
    assert str(RemixBatch(pk=5)) == "Batch 5"


def test_draft_can_have_no_creator(videos: list[Video]) -> None:
    assert RemixBatch.objects.start([videos[0].pk], by=None).created_by is None


def test_only_the_first_confirmation_succeeds(db: None) -> None:
    batch = RemixBatch.objects.start([], by=None)
    other = RemixBatch.objects.get(pk=batch.pk)

    confirmed = [batch.confirm(), other.confirm(), batch.confirm()]

    assert confirmed == [True, False, False]
    assert RemixBatch.objects.get(pk=batch.pk).confirmed_at == batch.confirmed_at


def test_one_of_two_simultaneous_confirmations_succeeds(transactional_db: None) -> None:
    pk = RemixBatch.objects.start([], by=None).pk

    confirmed = at_once(lambda: RemixBatch.objects.get(pk=pk).confirm(), times=4)

    assert sorted(confirmed) == [False, False, False, True]


def test_confirmed_batch_is_no_draft(db: None) -> None:
    draft, confirmed = (RemixBatch.objects.start([], by=None) for _ in range(2))
    confirmed.confirm()

    assert list(RemixBatch.objects.drafts()) == [draft]


def test_only_drafts_older_than_a_week_are_deleted(videos: list[Video]) -> None:
    pks = [video.pk for video in videos]
    _old, young, confirmed = (RemixBatch.objects.start(pks, by=None) for _ in range(3))
    confirmed.confirm()
    RemixBatch.objects.exclude(pk=young.pk).update(created_at=ago(days=7, seconds=1))
    RemixBatch.objects.filter(pk=young.pk).update(created_at=ago(days=6, hours=23))

    RemixBatch.objects.forget_old_drafts()

    assert set(RemixBatch.objects.all()) == {young, confirmed}
    assert Video.objects.count() == 3


def test_draft_confirmed_first_is_not_deleted(db: None) -> None:
    _draft, confirmed = (RemixBatch.objects.start([], by=None) for _ in range(2))
    confirmed.confirm()

    assert RemixBatch.objects.delete_drafts() == 1

    assert RemixBatch.objects.get() == confirmed


def test_deleting_a_batch_keeps_its_remixes(db: None) -> None:
    batch = RemixBatch.objects.start([], by=None)
    remix = make_remix(batch=batch)

    batch.delete()

    remix.refresh_from_db()
    assert remix.batch is None
