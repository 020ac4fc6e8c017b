"""Files of which nothing is known are read by the sweep, and none of them for ever."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.base import ContentFile
from pytest_django import DjangoAssertNumQueries

from sora_remix.engine import unread
from sora_remix.engine.sweeping import sweep
from sora_remix.models import Video
from sora_remix.models.video import MOST_READINGS
from sora_remix.storage import app_storage
from tests.decoding.recordings import record
from tests.factories import make_video

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


def _old_video(content: bytes | None, **values: Any) -> Video:
    """Make a video as an earlier version did, with a file or without the one it names."""
    name = "gone.mp4" if content is None else app_storage().save("old.mp4", ContentFile(content))
    return make_video(sora_id="", file=name, **values)


def test_what_an_old_file_is_is_noted_and_nothing_else_is_lost() -> None:
    video = _old_video(record("webm", sound=True), thumbnail="old.jpg", width=9, duration=4)

    sweep()

    after = Video.objects.get()
    assert (after.container, after.video_codec, after.audio_codec) == ("webm", "vp8", "opus")
    assert (after.width, after.height) == (64, 48)
    assert (after.file, after.thumbnail.name) == (video.file, "old.jpg")


def test_a_length_that_the_file_does_not_tell_stays() -> None:
    _old_video(record("matroska", live="1"), duration=4)

    sweep()

    after = Video.objects.get()
    assert (after.container, str(after.duration)) == ("matroska", "4.000")


def test_an_old_podcast_can_not_be_remixed_any_more() -> None:
    _old_video(record("mp4", pictures=0, cover=True, sound=True))

    sweep()

    assert Video.objects.get().is_still


def test_what_is_no_video_is_read_once() -> None:
    _old_video(b"no video")

    sweep()

    assert not Video.objects.unread().exists()
    assert not Video.objects.get().container


def test_a_file_that_can_not_be_had_is_tried_some_times_after_all_others() -> None:
    gone = _old_video(None)
    other = _old_video(record("mp4"))

    for _ in range(MOST_READINGS):
        sweep()

    gone.refresh_from_db()
    other.refresh_from_db()
    assert (gone.readings, gone.container, other.container) == (MOST_READINGS, "", "mp4")
    assert not Video.objects.unread().exists()


def test_a_reading_that_ends_its_worker_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    _old_video(record("mp4"))

    def die(file: object) -> None:
        raise SystemExit

    monkeypatch.setattr("sora_remix.media.video_facts", die)
    with pytest.raises(SystemExit):
        sweep()

    assert Video.objects.get().readings == 1


def test_of_two_sweeps_one_reads_a_file() -> None:
    video = _old_video(record("mp4"))

    assert Video.objects.start_reading(video)
    assert not Video.objects.start_reading(video)


def test_a_sweep_reads_some_files_and_leaves_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
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
    make_video(file="read.mp4", container="mp4")

    with django_assert_num_queries(1):
        unread.read_unread()
