"""Clips are made by workers before their remixes are sent, once for all that need them."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import IO, Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone
from pytest_django import Settings

from sora_remix import engine, media, services
from sora_remix.engine.pace import Heartbeat, TimeLimit
from sora_remix.exceptions import SourceUnreadable
from sora_remix.media import VideoFacts
from sora_remix.models import (
    Approval,
    FittedClip,
    PendingFile,
    Remix,
    RemixBatch,
    SourceCopy,
    Video,
)
from sora_remix.recipe import Recipe
from sora_remix.storage import app_storage
from tests.factories import ago, make_video
from tests.fal_uploads import URL, Gateway, gateway

__all__ = ["gateway"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status
PART = (Decimal(2), Decimal(6))


class Fitter:
    """Stand in for the process that makes clips."""

    def __init__(self) -> None:
        self.recipes: list[Recipe] = []
        self.during: Callable[[], None] = lambda: None
        """Happens while a clip is made."""

    def fit(
        self, file: IO[bytes], recipe: Recipe, made: IO[bytes], *, on_progress: Any
    ) -> VideoFacts:
        self.recipes.append(recipe)
        self.during()
        on_progress(Decimal(1))
        made.write(b"fitted " + file.read())
        seconds = (recipe.end or Decimal(8)) - recipe.start
        return VideoFacts("mp4", "h264", "aac", seconds, 1280, 720, 14, Decimal(30))


@pytest.fixture
def fitter(monkeypatch: pytest.MonkeyPatch) -> Fitter:
    fitter = Fitter()
    monkeypatch.setattr(media, "fit", fitter.fit)
    monkeypatch.setattr("sora_remix.engine.fitting.NOTED_EVERY", 0)
    return fitter


def _clip(**values: Any) -> Video:
    facts = {"duration": 8, "width": 1280, "height": 720, "fps": 30, "size": 9}
    video = make_video(sora_id="", container="mp4", video_codec="h264", **{**facts, **values})
    video.file.save("clip.mp4", ContentFile(b"the film"))
    return video


def _request(*prompts: str, video: Video | None = None, **options: Any) -> list[Remix]:
    options = {"part": PART, "endpoint": "flux-3", **options}
    return services.request_remixes([video or _clip()], prompts or ("noir",), **options)


def _make_clips() -> None:
    engine.fit_clips(FittedClip.objects.hand_over(1))


def _work() -> None:
    """Do what turns and tasks do until everything is sent."""
    for _ in range(3):
        engine.prepare_waiting()
        _make_clips()
        engine.upload_copies(SourceCopy.objects.hand_over(10))
        engine.send_waiting(Heartbeat(), time.monotonic() + 60)
        Remix.objects.filter(status=Status.QUEUED).update(due_at=timezone.now())


def _outcome(remix: Remix) -> tuple[str, str]:
    remix.refresh_from_db()
    return remix.status, remix.error_code


def _stored() -> list[str]:
    """Return the clips in the storage."""
    try:
        return app_storage().listdir("sora_remix/clips")[1]
    except FileNotFoundError:
        return []


def test_part_is_made_uploaded_once_and_sent_for_every_prompt(
    fitter: Fitter, gateway: Gateway
) -> None:
    remixes = _request("noir", "neon", "snow")

    _work()

    assert fitter.recipes == [Recipe(start=Decimal(2), end=Decimal(6), max_bytes=49_999_999)]
    assert gateway.uploaded == [b"fitted the film"]
    assert [one["video_url"] for one in gateway.sent] == [f"{URL}?1"] * 3
    assert {_outcome(remix) for remix in remixes} == {(Status.PROCESSING, "")}


def test_cost_and_limits_are_those_of_the_part(fitter: Fitter, gateway: Gateway) -> None:
    [whole] = _request(part=None)
    [part] = _request()

    assert (whole.estimated_cost, part.estimated_cost) == (Decimal("0.24"), Decimal("0.12"))


def test_remix_is_not_sent_before_its_clip_is_made(fitter: Fitter, gateway: Gateway) -> None:
    [remix] = _request()

    assert engine.prepare_waiting() is True
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)

    assert (gateway.sent, _outcome(remix)) == ([], (Status.QUEUED, ""))


def test_clip_is_not_made_again_for_a_retry_or_the_same_part(
    fitter: Fitter, gateway: Gateway
) -> None:
    video = _clip()
    [remix] = _request(video=video)
    _work()
    Remix.objects.update(status=Status.FAILED)

    services.retry(remix, by=None)
    _request("neon", video=video)
    _work()

    assert (len(fitter.recipes), len(gateway.sent), len(_stored())) == (1, 3, 1)


def test_clip_that_was_deleted_is_made_again(fitter: Fitter, gateway: Gateway) -> None:
    [remix] = _request()
    _work()
    Remix.objects.update(status=Status.FAILED)
    FittedClip.objects.all().delete()

    again = services.retry(remix, by=None)
    _work()

    assert again.recipe == remix.recipe
    assert (len(fitter.recipes), len(_stored())) == (2, 1)
    assert _outcome(again) == (Status.PROCESSING, "")


def test_source_that_breaks_midway_fails_the_remix_and_spends_nothing(
    fitter: Fitter, gateway: Gateway
) -> None:
    def broken() -> None:
        raise SourceUnreadable(Decimal("3.2"))

    fitter.during = broken
    [remix] = _request()

    _work()

    assert _outcome(remix) == (Status.FAILED, "source_unusable")
    assert "beyond 3.2 seconds" in remix.error_message
    assert (gateway.sent, gateway.uploaded, _stored()) == ([], [], [])


def test_source_that_was_replaced_meanwhile_is_not_sent(fitter: Fitter, gateway: Gateway) -> None:
    video = _clip()
    [remix] = _request(video=video)
    video.file.save("other.mp4", ContentFile(b"another film"))

    _work()

    assert _outcome(remix) == (Status.FAILED, "source_unreachable")
    assert "replaced or removed" in remix.error_message
    assert gateway.sent == []


def test_clip_that_nobody_waits_for_is_not_finished(fitter: Fitter, gateway: Gateway) -> None:
    [remix] = _request()
    fitter.during = lambda: services.cancel(remix, by=None)

    _work()

    assert (len(fitter.recipes), _stored()) == (1, [])
    clip = FittedClip.objects.get()
    assert (clip.lease, clip.failures) == (None, 0)


def test_clip_of_a_killed_worker_is_made_once_in_the_end(fitter: Fitter, gateway: Gateway) -> None:
    [remix] = _request()
    engine.prepare_waiting()
    [pk] = FittedClip.objects.hand_over(1)
    FittedClip.objects.claim(pk)
    FittedClip.objects.update(leased_until=ago(seconds=1))

    engine.sweep()
    FittedClip.objects.update(due_at=ago(seconds=1))
    _work()

    assert (len(fitter.recipes), len(gateway.sent), len(_stored())) == (1, 1, 1)
    assert _outcome(remix) == (Status.PROCESSING, "")


def test_clip_that_kills_its_worker_each_time_is_given_up(fitter: Fitter, gateway: Gateway) -> None:
    [remix] = _request()
    for _ in range(3):
        FittedClip.objects.update(due_at=ago(seconds=1))
        [pk] = FittedClip.objects.hand_over(1)
        FittedClip.objects.claim(pk)
        FittedClip.objects.update(leased_until=ago(seconds=1))
        engine.sweep()

    _work()

    assert _outcome(remix) == (Status.FAILED, "source_unusable")
    assert fitter.recipes == []


def test_second_worker_does_not_make_the_same_clip(fitter: Fitter, gateway: Gateway) -> None:
    _request()
    pks = FittedClip.objects.hand_over(1)
    fitter.during = lambda: engine.fit_clips(pks)

    engine.fit_clips(pks)

    assert len(fitter.recipes) == 1


def test_only_as_many_clips_are_made_at_a_time_as_the_setting_allows(
    fitter: Fitter, gateway: Gateway, settings: Settings
) -> None:
    for _ in range(3):
        _request()

    [first] = FittedClip.objects.hand_over(1)
    FittedClip.objects.claim(first)

    assert FittedClip.objects.hand_over(1) == []
    assert len(FittedClip.objects.hand_over(2)) == 1


def test_storage_that_fails_is_tried_again_and_leaves_no_file(
    fitter: Fitter, gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    [remix] = _request()
    store, failures = media.store, [OSError("No space left on device")]

    def fail_once(name: str, file: IO[bytes]) -> str:
        if failures:
            raise failures.pop()
        return store(name, file)

    monkeypatch.setattr(media, "store", fail_once)

    _make_clips()
    clip = FittedClip.objects.get()
    FittedClip.objects.update(due_at=ago(seconds=1))
    _work()

    assert "No space left" in clip.error_message
    assert (_outcome(remix), len(_stored())) == ((Status.PROCESSING, ""), 1)


def test_file_of_a_worker_that_was_killed_while_storing_is_removed(
    fitter: Fitter, gateway: Gateway
) -> None:
    _request()
    clip = FittedClip.objects.get()
    name = media.store("sora_remix/clips/0123456789abcdef0123456789abcdef.mp4", ContentFile(b"x"))
    PendingFile.objects.create(clip=clip, name=name)
    PendingFile.objects.update(created_at=ago(hours=1))

    engine.sweep()

    assert (_stored(), PendingFile.objects.count()) == ([], 0)


def test_out_of_time_is_tried_again(fitter: Fitter, gateway: Gateway) -> None:
    _request()

    engine.fit_clips(FittedClip.objects.hand_over(1), TimeLimit(0.001))
    clip = FittedClip.objects.get()

    assert (bool(clip.file), clip.lease) == (False, None)


def test_clips_are_deleted_with_their_source(fitter: Fitter, gateway: Gateway) -> None:
    video = _clip()
    _request(video=video)
    _work()
    Remix.objects.all().delete()

    video.delete()

    assert (FittedClip.objects.count(), _stored()) == (0, [])


def test_clips_are_deleted_when_the_files_of_their_source_are_cleared(
    fitter: Fitter, gateway: Gateway
) -> None:
    video = _clip(approval=Approval.REJECTED)
    _request(video=video)
    _work()
    Remix.objects.update(status=Status.FAILED)

    video.clear()

    assert (FittedClip.objects.count(), _stored()) == (0, [])


@pytest.mark.parametrize(
    ("days", "status", "is_kept"),
    [
        (29, Status.SUCCEEDED, True),
        (31, Status.SUCCEEDED, False),
        (31, Status.PROCESSING, True),
    ],
)
def test_unused_clip_is_deleted_after_thirty_days(
    fitter: Fitter, gateway: Gateway, days: int, status: str, is_kept: bool
) -> None:
    _request()
    _work()
    Remix.objects.update(status=status)
    FittedClip.objects.update(last_used_at=ago(days=days))

    engine.sweep()

    assert (len(_stored()) == 1) is is_kept


def test_draft_is_confirmed_as_before(fitter: Fitter, gateway: Gateway) -> None:
    video = _clip()
    batch = RemixBatch.objects.start([video.pk], by=None)

    [remix] = services.confirm(batch, ["noir"], by=None, endpoint="flux-3")

    assert (remix.recipe, remix.clip, FittedClip.objects.count()) == ("", None, 0)
