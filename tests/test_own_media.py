"""Files of the site stay as they are, whatever happens to the rows of the app."""

from __future__ import annotations

import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.admin.sites import site as admin_site
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.test import Client
from pytest_django import Settings

from sora_remix import engine, services
from sora_remix.engine import unread
from sora_remix.engine.fitting import fit_clips
from sora_remix.engine.leftovers import remove_abandoned, remove_unused
from sora_remix.engine.pace import Heartbeat
from sora_remix.engine.sweeping import sweep
from sora_remix.models import Approval, FittedClip, Remix, RemixBatch, SourceCopy, Video
from sora_remix.storage import app_storage
from tests.admin_urls import changelist_url
from tests.decoding.recordings import record
from tests.factories import make_remix
from tests.fal_uploads import URL, Gateway, gateway
from tests.forms import form_with
from tests.own_media import ALIAS, digest, put, site
from tests.users import User

__all__ = ["gateway", "site"]
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

NAME = "clips/2026/sea.mp4"
Status = Remix.Status


@pytest.fixture(scope="module")
def mp4() -> bytes:
    return record("mp4", pictures=130, size=(1280, 720))


@pytest.fixture(scope="module")
def other_mp4() -> bytes:
    return record("mp4", pictures=140, size=(1280, 720))


@pytest.fixture
def video(site: Storage, mp4: bytes) -> Video:
    """A video whose file belongs to the site; the app has a file of the same name."""
    put(site, NAME, mp4)
    put(app_storage(), NAME, b"of the app")
    return services.add_video(NAME, title="Sea", owned=False, storage=ALIAS)


def _work() -> None:
    for _ in range(3):
        Remix.objects.recheck_files_now()
        engine.prepare_waiting()
        fit_clips(FittedClip.objects.hand_over(5))
        engine.upload_copies(SourceCopy.objects.hand_over(10))
        engine.send_waiting(Heartbeat(), time.monotonic() + 60)


def _request(video: Video, **options: Any) -> Remix:
    [remix] = services.request_remixes([video], ["noir"], endpoint="kling-o3-pro", **options)
    return remix


def _state(remix: Remix) -> tuple[str, str]:
    remix.refresh_from_db()
    return remix.status, remix.error_code


def _delete_all(video: Video) -> None:
    Video.objects.all().delete()


def _clear(video: Video) -> None:
    video.reject()
    Video.objects.get(pk=video.pk).clear()


def _delete_field(video: Video) -> None:
    video.file.delete()


def _replace(video: Video) -> None:
    video.file.save("new.mp4", ContentFile(b"another"))
    Video.objects.get(pk=video.pk).delete()


def _assign(video: Video) -> None:
    video.file = ContentFile(b"another", "new.mp4")
    video.save(update_fields=["file"])
    Video.objects.get(pk=video.pk).delete()


def _delete_deferred(video: Video) -> None:
    Video.objects.only("title").get(pk=video.pk).delete()


def _delete_in_the_admin(video: Video) -> None:
    admin_site.get_model_admin(Video).delete_queryset(None, Video.objects.all())  # type: ignore[arg-type]


def _remove_leftovers(video: Video) -> None:
    name = str(video.file.name)
    Video.objects.all().delete()
    remove_unused([])
    remove_abandoned()
    sweep()
    assert name == NAME


def _delete_with_thumbnail(video: Video) -> None:
    name = str(video.thumbnail.name)
    video.delete()
    assert not app_storage().exists(name)


def _remake_row(video: Video) -> None:
    video.delete()
    services.add_video(NAME, title="Again", owned=False, storage=ALIAS).delete()


def _superuser() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("chief"))
    return client


def _delete_on_its_page(video: Video) -> None:
    _superuser().post(f"/admin/sora_remix/video/{video.pk}/delete/", {"post": "yes"})
    assert not Video.objects.exists()


def _delete_selected(video: Video) -> None:
    data = {"action": "delete_selected", "_selected_action": [str(video.pk)], "post": "yes"}
    assert _superuser().post(changelist_url(Video), data).status_code == 302
    assert not Video.objects.exists()


def _clear_selected(video: Video) -> None:
    video.reject()
    client = _superuser()
    data = {"action": "clear_selected", "_selected_action": [str(video.pk)]}
    form = form_with(client.post(changelist_url(Video), data), "videos")
    client.post(form.action, form.data({}))
    assert Video.objects.get().cleared_at


def _delete_its_batch(video: Video) -> None:
    batch = RemixBatch.objects.start([video.pk], by=None)
    url = f"/admin/sora_remix/remixbatch/{batch.pk}/delete/"
    assert _superuser().post(url, {"post": "yes"}).status_code == 302
    assert not RemixBatch.objects.exists()


@pytest.mark.parametrize(
    "happen",
    [
        Video.delete,
        _delete_all,
        _clear,
        _delete_field,
        _replace,
        _assign,
        _delete_deferred,
        _delete_in_the_admin,
        _remove_leftovers,
        _delete_with_thumbnail,
        _remake_row,
        _delete_on_its_page,
        _delete_selected,
        _clear_selected,
        _delete_its_batch,
    ],
)
def test_file_of_the_site_outlives_its_row(
    video: Video, site: Storage, happen: Callable[[Video], object]
) -> None:
    before = digest(site, NAME), digest(app_storage(), NAME)

    happen(Video.objects.get(pk=video.pk))

    assert (digest(site, NAME), digest(app_storage(), NAME)) == before


def test_replaced_file_is_in_the_storage_of_the_app(video: Video, site: Storage) -> None:
    video.file = ContentFile(b"another", "new.mp4")
    video.save(update_fields=["file"])

    video = Video.objects.get(pk=video.pk)
    assert (video.storage_alias, video.fingerprint) == ("", "")
    with video.file.open("rb") as file:
        assert file.read() == b"another"


def test_file_of_the_app_with_the_name_of_one_of_the_site_is_deleted(
    video: Video, site: Storage
) -> None:
    mine = Video.objects.create(title="Mine", file=NAME, stored_files=[NAME])

    mine.delete()

    assert not app_storage().exists(NAME)
    assert site.exists(NAME)


def test_file_of_the_site_is_sent_from_its_storage(
    video: Video, mp4: bytes, gateway: Gateway
) -> None:
    remix = _request(video)

    _work()

    assert _state(remix) == (Status.PROCESSING, "")
    assert gateway.uploaded == [mp4]
    assert f"{URL}?1" in str(gateway.sent)


def test_clip_is_made_from_the_storage_of_the_site(video: Video, gateway: Gateway) -> None:
    remix = _request(video, part=(Decimal(0), Decimal(4)), fit=True)

    _work()

    assert _state(remix) == (Status.PROCESSING, "")
    assert FittedClip.objects.get().made_from == video.stored_file().key


def test_same_name_in_two_storages_is_sent_as_two_files(
    video: Video, mp4: bytes, other_mp4: bytes, gateway: Gateway
) -> None:
    put(app_storage(), NAME, other_mp4)
    other = services.add_video(NAME, title="Other", owned=False)

    remixes = [_request(video), _request(other)]
    _work()

    assert {_state(remix)[0] for remix in remixes} == {Status.PROCESSING}
    assert sorted(gateway.uploaded) == sorted([mp4, other_mp4])


@pytest.mark.parametrize("is_fitted", [False, True])
def test_file_that_the_site_replaced_is_not_sent(
    video: Video, site: Storage, other_mp4: bytes, gateway: Gateway, is_fitted: bool
) -> None:
    video.approve()
    thumbnail = str(video.thumbnail.name)
    part = {"part": (Decimal(0), Decimal(4)), "fit": True} if is_fitted else {}
    remix = _request(video, **part)
    put(site, NAME, other_mp4)

    _work()

    assert _state(remix) == (Status.FAILED, "source_replaced")
    assert "replaced" in remix.error_message
    assert (gateway.uploaded, gateway.sent) == ([], [])
    video.refresh_from_db()
    assert (video.approval, video.size, video.thumbnail.name) == (Approval.NEW, None, "")
    assert not app_storage().exists(thumbnail)


def test_replaced_file_is_read_again_and_can_then_be_remixed(
    video: Video, site: Storage, other_mp4: bytes, gateway: Gateway
) -> None:
    remix = _request(video)
    put(site, NAME, other_mp4)
    _work()

    unread.read_unread()
    video.refresh_from_db()
    again = services.retry(remix, by=None)
    _work()

    assert video.size == len(other_mp4) and video.thumbnail
    assert _state(again) == (Status.PROCESSING, "")
    assert gateway.uploaded == [other_mp4]


def test_replaced_file_is_noticed_where_fal_loads_it_from_the_site(
    video: Video,
    site: Storage,
    other_mp4: bytes,
    gateway: Gateway,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SORA_REMIX_SOURCE_DELIVERY = "url"
    monkeypatch.setattr(type(site), "url", lambda self, name: f"https://example.com/{name}")
    remix, other = _request(video), None

    _work()
    assert _state(remix) == (Status.PROCESSING, "")
    assert f"https://example.com/{NAME}" in str(gateway.sent)

    other = _request(video)
    put(site, NAME, other_mp4)
    _work()
    assert _state(other) == (Status.FAILED, "source_replaced")


def test_clip_of_a_replaced_file_is_not_used_again(
    video: Video, site: Storage, other_mp4: bytes, gateway: Gateway
) -> None:
    part: dict[str, Any] = {"part": (Decimal(0), Decimal(4)), "fit": True}
    _request(video, **part)
    _work()
    put(site, NAME, other_mp4)
    _request(video)
    _work()
    unread.read_unread()

    video.refresh_from_db()
    remix = _request(video, **part)
    _work()

    assert _state(remix)[0] == Status.PROCESSING
    assert FittedClip.objects.count() == 2


def test_missing_file_of_the_site_fails_its_remix(
    video: Video, site: Storage, gateway: Gateway
) -> None:
    remix = _request(video)
    site.delete(NAME)

    _work()

    assert _state(remix) == (Status.FAILED, "source_unreachable")
    assert gateway.sent == []


def test_selection_of_site_videos_is_a_draft_like_any_other(video: Video) -> None:
    batch = RemixBatch.objects.start([video.pk], by=None)

    assert [one.file.url for one in batch.videos.all()]


def test_pages_show_a_video_whose_storage_the_site_no_longer_has(
    video: Video, settings: Settings, admin_client: Client
) -> None:
    remix = make_remix(source=video)
    settings.STORAGES = {key: one for key, one in settings.STORAGES.items() if key != ALIAS}

    for path in ("video/", f"video/{video.pk}/change/", f"remix/{remix.pk}/change/"):
        assert "Sea" in admin_client.get(f"/admin/sora_remix/{path}").content.decode()


def test_nothing_is_sent_of_a_video_whose_storage_the_site_no_longer_has(
    video: Video, settings: Settings, gateway: Gateway
) -> None:
    remix = _request(video)
    settings.STORAGES = {key: one for key, one in settings.STORAGES.items() if key != ALIAS}

    _work()

    assert _state(remix) == (Status.FAILED, "source_unreachable")
    assert ALIAS in remix.error_message
    assert gateway.sent == []
