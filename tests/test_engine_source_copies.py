"""Files are uploaded to fal before a remix is sent, once for all that need them."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.utils import timezone

from sora_remix import engine, fal, services
from sora_remix.engine.pace import Heartbeat
from sora_remix.exceptions import RemoteFailure, TryLater
from sora_remix.models import Chain, Remix, SourceCopy, Video
from sora_remix.storage import app_storage
from tests.decoding.recordings import record
from tests.factories import ago, make_remix, make_video
from tests.fal_uploads import URL, Gateway, gateway

__all__ = ["gateway"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status


def make_clip(content: bytes = b"clip", **values: Any) -> Video:
    video = make_video(sora_id="", **values)
    video.file.save("clip.mp4", ContentFile(content))
    return video


def work() -> None:
    engine.prepare_waiting()
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)
    engine.upload_copies(SourceCopy.objects.hand_over(10))


def states() -> list[tuple[str, str]]:
    return list(Remix.objects.order_by("pk").values_list("status", "error_code"))


def test_clip_is_uploaded_once_for_ten_prompts_and_each_is_sent_with_its_url(
    gateway: Gateway,
) -> None:
    services.request_remixes([make_clip()], [f"{n}" for n in range(10)], endpoint="flux-3")

    for _ in range(2):
        work()

    assert gateway.kinds == ["video/mp4"]
    assert [body["video_url"] for body in gateway.sent] == [f"{URL}?1"] * 10
    assert set(states()) == {(Status.PROCESSING, "")}


def test_remix_is_not_sent_before_its_clip_is_uploaded(gateway: Gateway) -> None:
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")

    engine.prepare_waiting()
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)

    assert gateway.sent == []
    assert states() == [(Status.QUEUED, "")]


def test_upload_that_ends_while_remixes_are_prepared_is_not_overlooked(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    engine.prepare_waiting()
    Remix.objects.update(due_at=ago(seconds=1))
    read = SourceCopy.objects.urls

    def read_just_before(names: Any) -> dict[str, str]:
        found = read(names)
        engine.upload_copies(SourceCopy.objects.hand_over(10))
        return found

    monkeypatch.setattr(SourceCopy.objects, "urls", read_just_before)
    engine.prepare_waiting()
    monkeypatch.undo()
    monkeypatch.setattr(fal, "submit", gateway.submit)

    engine.prepare_waiting()
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)

    assert states() == [(Status.PROCESSING, "")]


def test_retry_on_the_same_day_uses_the_existing_copy(gateway: Gateway) -> None:
    [remix] = services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    for _ in range(2):
        work()
    Remix.objects.update(status=Status.FAILED)

    services.retry(remix, by=None)
    for _ in range(2):
        work()

    assert len(gateway.uploaded) == 1
    assert len(gateway.sent) == 2


@pytest.mark.parametrize("is_ready", [True, False])
def test_copy_that_expires_soon_is_uploaded_again(gateway: Gateway, is_ready: bool) -> None:
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    work()
    SourceCopy.objects.update(expires_at=ago(hours=-1))
    Remix.objects.update(is_ready=is_ready)

    for _ in range(3):
        work()
        Remix.objects.update(due_at=timezone.now())

    assert len(gateway.uploaded) == 2
    assert [body["video_url"] for body in gateway.sent] == [f"{URL}?2"]


def test_sora_generation_is_sent_without_any_upload(gateway: Gateway) -> None:
    services.request_remixes([make_video()], ["noir"])

    work()

    assert (gateway.uploaded, len(gateway.sent)) == ([], 1)


def test_reference_images_are_uploaded_in_their_order(gateway: Gateway) -> None:
    names = [app_storage().save(f"{n}.png", ContentFile(b"png")) for n in range(2)]
    images = [names[1], "https://example.com/a.png", names[0]]
    clip = make_clip(duration=5)
    services.request_remixes([clip], ["noir"], endpoint="kling-o3", options={"image_urls": images})

    for _ in range(4):
        work()

    [body] = gateway.sent
    urls = {one.name: one.url for one in SourceCopy.objects.all()}
    assert body["image_urls"] == [urls[names[1]], "https://example.com/a.png", urls[names[0]]]
    assert body["video_url"] == urls[str(clip.file.name)]
    assert sorted(gateway.kinds) == ["image/png", "image/png", "video/mp4"]


def test_content_type_comes_from_the_content_and_not_the_name(gateway: Gateway) -> None:
    clip = make_clip(record("webm"))

    services.request_remixes([clip], ["noir"], endpoint="lucy-restyle")
    work()

    assert gateway.kinds == ["video/webm"]
    assert gateway.names == [f"{Path(str(clip.file.name)).stem}.webm"]


def fail_with(gateway: Gateway, error: Exception) -> None:
    def fail(name: str) -> str:
        raise error

    gateway.answer = fail


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (RemoteFailure("upload_forbidden", "HTTP 403"), "upload_forbidden"),
        (RemoteFailure("source_unreachable", "HTTP 413"), "source_unreachable"),
    ],
)
def test_file_that_can_not_be_uploaded_fails_its_remixes_free_of_charge(
    gateway: Gateway, error: Exception, code: str
) -> None:
    fail_with(gateway, error)
    clip = make_clip()
    services.request_remixes([clip], ["a", "b"], endpoint="flux-3")

    for _ in range(2):
        work()

    assert states() == [(Status.FAILED, code)] * 2
    assert gateway.sent == []


def test_file_missing_in_the_storage_fails_its_remixes_at_once(gateway: Gateway) -> None:
    clip = make_clip()
    clip.file.storage.delete(str(clip.file.name))
    [remix] = services.request_remixes([clip], ["a"], endpoint="flux-3")

    for _ in range(2):
        work()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "source_unreachable")
    assert remix.error_message.startswith("FileNotFoundError")


def test_missing_certificate_file_is_not_blamed_on_the_clip(
    gateway: Gateway,
) -> None:
    fail_with(gateway, FileNotFoundError("SSL_CERT_FILE leads nowhere"))
    services.request_remixes([make_clip()], ["a"], endpoint="flux-3")

    work()

    assert states() == [(Status.QUEUED, "")]
    assert "SSL_CERT_FILE" in SourceCopy.objects.get().error_message


def test_request_after_a_failure_uploads_again(gateway: Gateway) -> None:
    fail_with(gateway, RemoteFailure("upload_forbidden", "HTTP 403"))
    [remix] = services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    for _ in range(2):
        work()
    remix.refresh_from_db()
    gateway.answer = lambda name: URL

    services.retry(remix, by=None)
    for _ in range(2):
        work()

    assert states() == [(Status.FAILED, "upload_forbidden"), (Status.PROCESSING, "")]


@pytest.mark.parametrize("error", [TryLater("HTTP 502"), RuntimeError("a bug of ours")])
def test_failed_upload_is_tried_again(gateway: Gateway, error: Exception) -> None:
    fail_with(gateway, error)
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    work()
    copy = SourceCopy.objects.get()
    assert (copy.failures, copy.due_at > timezone.now()) == (1, True)
    gateway.answer = lambda name: URL
    SourceCopy.objects.update(due_at=timezone.now())

    for _ in range(2):
        work()

    assert states() == [(Status.PROCESSING, "")]


def test_copy_that_fal_could_not_load_is_uploaded_again_for_the_next_remix(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    [remix] = services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    for _ in range(2):
        work()

    async def unreachable(*_arguments: Any) -> fal.Result:
        raise RemoteFailure("source_unreachable", "HTTP 422")

    monkeypatch.setattr(fal, "result", unreachable)
    Remix.objects.update(completed_at=timezone.now())
    engine.collect([remix.pk])
    services.retry(remix, by=None)
    for _ in range(2):
        work()

    assert [body["video_url"] for body in gateway.sent] == [f"{URL}?1", f"{URL}?2"]


def test_copy_that_fal_refuses_at_once_is_uploaded_again_for_the_next_remix(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_arguments: Any) -> fal.Submitted:
        return fal.Refused("source_unreachable", "HTTP 422")

    monkeypatch.setattr(fal, "submit", refuse)
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")

    for _ in range(2):
        work()

    assert states() == [(Status.FAILED, "source_unreachable")]
    assert not SourceCopy.objects.exists()


def test_upload_fails_after_an_hour_without_a_connection(gateway: Gateway) -> None:
    fail_with(gateway, TryLater("ConnectError"))
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    SourceCopy.objects.update(failures=10, failing_since=ago(minutes=61))

    for _ in range(2):
        work()

    assert states() == [(Status.FAILED, "cannot_reach_fal")]


def test_worker_that_lost_its_lease_on_a_file_changes_nothing(gateway: Gateway) -> None:
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")

    def lose(name: str) -> str:
        SourceCopy.objects.update(lease=None)
        return URL

    gateway.answer = lose

    work()

    assert SourceCopy.objects.get().url == ""


def test_remix_cancelled_while_its_file_fails_stays_cancelled(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    [remix] = services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    SourceCopy.objects.update(error_code="source_unreachable")
    waiting = Remix.objects.to_prepare(10)
    monkeypatch.setattr(type(Remix.objects.all()), "to_prepare", lambda *_: waiting)
    services.cancel(remix, by=None)

    engine.prepare_waiting()

    assert states() == [(Status.CANCELLED, "")]


def test_remix_of_a_removed_endpoint_is_refused_before_sending(gateway: Gateway) -> None:
    make_remix(endpoint="gone", is_ready=False)

    work()

    assert states() == [(Status.FAILED, "endpoint_retired")]


@pytest.fixture
def by_url(settings: Any) -> Any:
    settings.SORA_REMIX_SOURCE_DELIVERY = "url"
    return settings


@pytest.mark.parametrize("base", ["https://cdn.example.com/", "http://127.0.0.1:8000/media/"])
def test_url_of_the_storage_is_signed_when_it_is_sent(
    gateway: Gateway, by_url: Any, base: str
) -> None:
    by_url.MEDIA_URL = base
    clip = make_clip()
    services.request_remixes([clip], ["noir"], endpoint="flux-3")

    work()

    assert [body["video_url"] for body in gateway.sent] == [f"{base}{clip.file.name}"]
    assert (gateway.uploaded, SourceCopy.objects.count()) == ([], 0)


@pytest.mark.parametrize("base", ["/media/", "http://cdn.example.com/"])
def test_url_that_fal_can_not_load_is_never_sent(gateway: Gateway, by_url: Any, base: str) -> None:
    by_url.MEDIA_URL = base
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")

    work()

    assert states() == [(Status.FAILED, "source_unreachable")]
    assert gateway.sent == []


def test_files_are_uploaded_during_a_pause_and_sent_after_it(
    gateway: Gateway, media_root: Path
) -> None:
    services.request_remixes([make_clip()], ["noir"], endpoint="flux-3")
    Chain.objects.hold_back(ago(minutes=-1))
    for _ in range(2):
        work()
    assert (len(gateway.uploaded), gateway.sent) == (1, [])
    Chain.objects.update(held_until=None)

    work()

    assert states() == [(Status.PROCESSING, "")]
