"""Files without known facts are read by the sweep, each a limited number of times."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from pytest_django import DjangoAssertNumQueries

from sora_remix import media
from sora_remix.engine import unread
from sora_remix.engine.sweeping import sweep
from sora_remix.models import PendingFile, Video
from sora_remix.models.video import MOST_READINGS
from sora_remix.storage import app_storage
from tests.decoding.recordings import record
from tests.factories import make_video

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


def _old_video(content: bytes | None, **values: Any) -> Video:
    """Make a video as an earlier version did, with a file or without the one it names."""
    name = "gone.mp4" if content is None else app_storage().save("old.mp4", ContentFile(content))
    return make_video(sora_id="", file=name, **values)


def test_facts_of_an_old_file_are_stored_and_other_columns_kept() -> None:
    video = _old_video(record("webm", sound=True), thumbnail="old.jpg", width=9, duration=4)

    sweep()

    after = Video.objects.get()
    assert (after.container, after.video_codec, after.audio_codec) == ("webm", "vp8", "opus")
    assert (after.width, after.height) == (64, 48)
    assert (after.file, after.thumbnail.name) == (video.file, "old.jpg")


def test_length_is_kept_when_the_file_does_not_state_it() -> None:
    _old_video(record("matroska", live="1"), duration=4)

    sweep()

    after = Video.objects.get()
    assert (after.container, str(after.duration)) == ("matroska", "4.000")


def test_fact_that_earlier_versions_did_not_read_is_added() -> None:
    facts = {"container": "mp4", "video_codec": "h264", "width": 64, "height": 48}
    _old_video(record("mp4"), **facts)

    sweep()

    assert Video.objects.get().pixel_format == "yuv420p"
    assert not Video.objects.unread().exists()


def test_file_that_was_read_by_an_earlier_version_keeps_its_facts_when_it_is_broken() -> None:
    _old_video(b"no video", container="mp4", video_codec="h264")

    sweep()

    after = Video.objects.get()
    assert (after.container, after.video_codec, after.pixel_format) == ("mp4", "h264", "")
    assert not Video.objects.unread().exists()


def test_old_podcast_can_no_longer_be_remixed() -> None:
    _old_video(record("mp4", pictures=0, cover=True, sound=True))

    sweep()

    assert Video.objects.get().is_still


def test_file_that_is_not_a_video_is_read_once() -> None:
    _old_video(b"no video")

    sweep()

    assert not Video.objects.unread().exists()
    assert not Video.objects.get().container


def test_missing_file_is_tried_several_times_after_all_others() -> None:
    gone = _old_video(None)
    other = _old_video(record("mp4"))

    for _ in range(MOST_READINGS):
        sweep()

    gone.refresh_from_db()
    other.refresh_from_db()
    assert (gone.readings, gone.container, other.container) == (MOST_READINGS, "", "mp4")
    assert not Video.objects.unread().exists()


def test_reading_that_kills_its_worker_counts_as_a_try(monkeypatch: pytest.MonkeyPatch) -> None:
    _old_video(record("mp4"))

    def die(file: object) -> None:
        raise SystemExit

    monkeypatch.setattr("sora_remix.media.facts_and_thumbnail", die)
    with pytest.raises(SystemExit):
        sweep()

    assert Video.objects.get().readings == 1


def test_one_of_two_sweeps_reads_a_file() -> None:
    video = _old_video(record("mp4"))

    assert Video.objects.start_reading(video)
    assert not Video.objects.start_reading(video)


def test_sweep_reads_a_limited_number_of_files(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unread, "FILES_PER_SWEEP", 2)
    for _ in range(3):
        _old_video(record("mp4"))

    unread.read_unread()
    assert Video.objects.unread().count() == 1

    monkeypatch.setattr(unread, "SECONDS_PER_SWEEP", -1)
    _old_video(record("mp4"))
    unread.read_unread()
    assert Video.objects.unread().count() == 1


def test_videos_without_a_file_are_not_read(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    make_video()
    make_video(file="read.mp4", container="mp4", pixel_format="yuv420p")

    with django_assert_num_queries(1):
        unread.read_unread()


def _files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()}


def test_video_without_a_thumbnail_gets_one_that_it_owns(media_root: Path) -> None:
    _old_video(record("mp4"))

    sweep()

    video = Video.objects.get()
    assert [file.name for file in video.owned_files()] == [video.thumbnail.name]
    assert _files(media_root) == {video.file.name, video.thumbnail.name}
    assert not PendingFile.objects.exists()


@pytest.mark.parametrize("values", [{"file": "other.mp4"}, {"thumbnail": "chosen.jpg"}])
def test_thumbnail_that_came_too_late_is_removed(
    media_root: Path, monkeypatch: pytest.MonkeyPatch, values: dict[str, str]
) -> None:
    video = _old_video(record("mp4"))
    store = media.store

    def store_late(name: str, file: Any) -> str:
        Video.objects.filter(pk=video.pk).update(**values)
        return store(name, file)

    monkeypatch.setattr(media, "store", store_late)
    unread.read_unread()

    after = Video.objects.get()
    assert (after.stored_files, after.pixel_format) == ([], "")
    assert _files(media_root) == {"old.mp4"}


def test_thumbnail_that_was_removed_as_abandoned_is_not_used(
    media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _old_video(record("mp4"))
    store = media.store

    def store_slowly(name: str, file: Any) -> str:
        PendingFile.objects.update(is_condemned=True)
        return store(name, file)

    monkeypatch.setattr(media, "store", store_slowly)
    unread.read_unread()

    assert not Video.objects.get().thumbnail
    assert _files(media_root) == {"old.mp4"}
