"""Reference images are stored with the draft at once, and used when it is confirmed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix import media, services
from sora_remix.admin.checkout.images import ImagesField
from sora_remix.exceptions import Reason, RequestRefused
from sora_remix.models import Remix, RemixBatch
from sora_remix.storage import app_storage
from tests.checkout import (
    choose,
    draft,
    errors,
    filled_in,
    make_clip,
    page_of,
    picture,
    png,
)
from tests.decoding import bombs
from tests.storages import ClosingStorage, ContentStorage, FolderStorage, use_storage

pytestmark = pytest.mark.django_db

CLEAN = ImagesField.clean


@pytest.fixture
def batch(media_root: Path) -> RemixBatch:
    """A draft of one clip."""
    return draft(make_clip())


def _upload(
    client: Client, batch: RemixBatch, *pictures: Any, endpoint: str = "kling-o3", **more: Any
) -> Any:
    values = filled_in(choose(client, batch, endpoint))
    data = {**values, **more, "images": list(pictures), "_recalculate": "1"}
    return client.post(page_of(batch), data)


def _known_to_nobody(field: ImagesField, data: Any, initial: Any = None) -> list[Any]:
    """Store a picture as if no other request had stored it before."""
    field.stored = ()
    return CLEAN(field, data, initial)


def _files(media_root: Path) -> int:
    return sum(path.is_file() for path in media_root.rglob("*"))


def test_uploaded_image_is_kept_and_shown_with_its_tag_and_size(
    admin_client: Client, batch: RemixBatch
) -> None:
    response = _upload(
        admin_client, batch, picture(width=640, height=400, grey=1), picture("x" * 240 + ".png")
    )

    page = response.content.decode()
    first, second = batch.images.all()
    assert (first.width, first.height, first.size) == (640, 400, len(png(640, 400, 1)))
    assert re.fullmatch(r"sora_remix/references/[0-9a-f]{32}\.png", str(first.file.name))
    assert f'src="/media/{first.file.name}" alt="@Image1" width="96"' in page
    assert "640 by 400 pixels" in page
    assert page.index("<strong>@Image1") < page.index("<strong>@Image2")
    assert f'value="{second.pk}"' in page


@pytest.mark.parametrize("storage", [FolderStorage, ClosingStorage])
def test_image_has_the_name_that_the_storage_returned(
    admin_client: Client, batch: RemixBatch, media_root: Path, settings: Settings, storage: Any
) -> None:
    use_storage(settings, storage)

    _upload(admin_client, batch, picture())

    image = batch.images.get()
    assert image.stored_files == [image.file.name]
    assert (media_root / str(image.file.name)).read_bytes() == png()


def test_image_shared_by_two_requests_is_kept_by_a_deduplicating_storage(
    admin_client: Client,
    batch: RemixBatch,
    media_root: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    use_storage(settings, ContentStorage)
    monkeypatch.setattr(ImagesField, "clean", _known_to_nobody)

    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            _upload(admin_client, batch, picture())

    assert app_storage().exists(str(batch.images.get().file.name))


def test_image_field_accepts_the_number_of_images_of_the_record(
    admin_client: Client, batch: RemixBatch
) -> None:
    pages = [choose(admin_client, batch, key).content.decode() for key in ("kling-o3", "wan-2.7")]

    assert ['type="file" name="images"' in page for page in pages] == [True, True]
    assert [" multiple" in page for page in pages] == [True, False]
    assert "Shorter side: at least 300 px" in pages[0]


def test_endpoint_without_references_has_no_image_field(
    admin_client: Client, batch: RemixBatch
) -> None:
    _upload(admin_client, batch, picture())

    page = choose(admin_client, batch, "flux-3").content.decode()

    assert 'type="file"' not in page
    assert "@Image1" not in page
    assert batch.images.exists()


def test_any_image_type_is_accepted_without_a_list_of_types(
    admin_client: Client, batch: RemixBatch, settings: Settings
) -> None:
    record = {
        "endpoint_id": "a/b",
        "label": "Any",
        "source": {"kind": "url", "param": "video_url"},
        "price": {"per_run": 1},
        "references": {"param": "images", "as_list": True, "maximum": 2, "extensions": []},
    }
    settings.SORA_REMIX_ENDPOINTS = {"any": record}

    response = choose(admin_client, batch, "any")

    assert 'accept="image/*"' in response.content.decode()
    assert "Reference images" in response.content.decode()


def test_error_in_another_field_keeps_the_images(admin_client: Client, batch: RemixBatch) -> None:
    shown = choose(admin_client, batch, "kling-o3")

    response = admin_client.post(
        page_of(batch), {**filled_in(shown), "prompt": "", "images": picture()}
    )

    assert list(errors(response)) == ["prompt"]
    assert batch.images.count() == 1
    assert "<strong>@Image1" in response.content.decode()


def test_image_names_are_stored_in_the_options_in_order(
    admin_client: Client, batch: RemixBatch
) -> None:
    shown = _upload(admin_client, batch, picture(grey=1), picture(grey=2))

    admin_client.post(page_of(batch), {**filled_in(shown), "prompt": "noir"})

    names = [image.file.name for image in batch.images.all()]
    assert batch.remixes.get().options == {"keep_audio": True, "image_urls": names}


def test_image_uploaded_while_confirming_is_used(admin_client: Client, batch: RemixBatch) -> None:
    shown = choose(admin_client, batch, "kling-o3")

    admin_client.post(page_of(batch), {**filled_in(shown), "prompt": "noir", "images": picture()})

    assert batch.remixes.get().options["image_urls"] == [batch.images.get().file.name]


def test_option_is_omitted_without_an_image(admin_client: Client, batch: RemixBatch) -> None:
    shown = choose(admin_client, batch, "kling-o3")

    admin_client.post(page_of(batch), {**filled_in(shown), "prompt": "noir"})

    assert batch.remixes.get().options == {"keep_audio": True}


def test_retry_uses_the_same_images(admin_client: Client, batch: RemixBatch) -> None:
    shown = _upload(admin_client, batch, picture())
    admin_client.post(page_of(batch), {**filled_in(shown), "prompt": "noir"})
    batch.remixes.update(status=Remix.Status.FAILED)
    [remix] = batch.remixes.all()

    again = services.retry(remix, by=None)

    assert again.options == remix.options
    assert all(app_storage().exists(name) for name in again.options["image_urls"])


def test_image_sent_twice_is_kept_once(
    admin_client: Client, batch: RemixBatch, media_root: Path
) -> None:
    for _ in range(2):
        response = _upload(admin_client, batch, picture("a.png"), picture("b.png"))

    assert errors(response) == {}
    assert batch.images.count() == _files(media_root) == 1


def test_parallel_request_with_the_same_image_leaves_no_second_file(
    admin_client: Client,
    batch: RemixBatch,
    media_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    store = media.store

    def store_after_another(name: str, file: Any) -> str:
        monkeypatch.setattr(media, "store", store)
        _upload(admin_client, batch, picture())
        return store(name, file)

    monkeypatch.setattr(media, "store", store_after_another)

    with django_capture_on_commit_callbacks(execute=True):
        _upload(admin_client, batch, picture())

    assert batch.images.count() == _files(media_root) == 1


def test_image_whose_row_fails_leaves_no_file(
    admin_client: Client, batch: RemixBatch, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: Any, **kwargs: Any) -> None:
        raise OSError("full")

    monkeypatch.setattr("django.db.models.query.QuerySet.create", fail)

    with pytest.raises(OSError, match="full"):
        _upload(admin_client, batch, picture())

    assert _files(media_root) == 0


@pytest.mark.parametrize(
    ("upload", "reason"),
    [
        ({"content": b"<b>no picture</b>"}, "is not a readable image"),
        ({"content": b"\xff\xd8\xff no JPEG"}, "at most 10 MB"),
        (
            {"width": 299, "height": 400},
            "Its shorter side is 299 px, but the model accepts at least 300 px",
        ),
        ({"width": 1000, "height": 300}, "Its aspect ratio is 3.34 : 1"),
        ({"content": png() + b"\0" * 10_000_000}, "Its size is 10.1 MB"),
    ],
)
def test_wrong_image_is_an_error_of_its_field_and_nothing_is_stored(
    admin_client: Client,
    batch: RemixBatch,
    media_root: Path,
    upload: dict[str, Any],
    reason: str,
) -> None:
    response = _upload(admin_client, batch, picture("<i>.png", **upload), picture())

    [error] = errors(response)["images"]
    assert error.startswith("“<i>.png”")
    assert reason in error
    assert 'aria-describedby="id_images_helptext id_images_error"' in response.content.decode()
    assert (batch.images.count(), _files(media_root)) == (0, 0)


def test_image_over_the_memory_limit_is_refused_and_no_further_one_is_decoded(
    admin_client: Client, batch: RemixBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb, decoded = bombs.jpeg(400, 101), list[str]()
    image_facts = media.image_facts

    def count(file: Any) -> media.ImageFacts:
        decoded.append(file.name)
        return image_facts(file)

    monkeypatch.setattr(media, "image_facts", count)

    response = _upload(
        admin_client, batch, picture("a.jpg", bomb), picture("b.jpg", bomb), picture("c.png")
    )

    [error] = errors(response)["images"]
    assert error == "“a.jpg” can't be checked. The file has more than 100 progressive scans."
    assert decoded == ["a.jpg"]
    assert batch.images.count() == 0


def test_image_type_that_the_endpoint_does_not_accept_is_refused(
    admin_client: Client, batch: RemixBatch, settings: Settings
) -> None:
    record = {
        "endpoint_id": "a/b",
        "label": "Any",
        "source": {"kind": "url", "param": "video_url"},
        "price": {"per_run": 1},
        "references": {"param": "images", "as_list": True, "maximum": 2, "extensions": [".jpg"]},
    }
    settings.SORA_REMIX_ENDPOINTS = {"any": record}

    response = _upload(admin_client, batch, picture("rain.jpg"), endpoint="any")

    assert "It is an image of type PNG, but the model accepts JPG." in errors(response)["images"][0]


def test_too_many_images_are_refused_and_none_is_stored(
    admin_client: Client, batch: RemixBatch, media_root: Path
) -> None:
    _upload(admin_client, batch, picture(grey=9))

    response = _upload(admin_client, batch, *(picture(grey=grey) for grey in range(4)))

    assert errors(response)["images"] == ["At most 4 images are allowed."]
    assert batch.images.count() == _files(media_root) == 1


def test_kept_images_are_checked_by_the_rules_of_the_next_endpoint(
    admin_client: Client, batch: RemixBatch
) -> None:
    _upload(admin_client, batch, picture(width=100), endpoint="wan-2.7")

    response = _upload(admin_client, batch)
    refused = admin_client.post(page_of(batch), {**filled_in(response), "prompt": "noir"})

    reason = "Its shorter side is 100 px, but the model accepts at least 300 px."
    assert errors(response)["images"] == errors(refused)["images"] == [reason]
    assert f'<span class="sora-remix-problem">{reason}</span>' in response.content.decode()
    assert not Remix.objects.exists()


def test_surplus_images_are_an_error_until_they_are_removed(
    admin_client: Client, batch: RemixBatch
) -> None:
    _upload(admin_client, batch, picture(grey=1), picture(grey=2))

    response = choose(admin_client, batch, "wan-2.7")

    assert errors(response)["images"] == ["Only 1 image is allowed."]


def test_ticked_image_is_removed_with_its_file(
    admin_client: Client,
    batch: RemixBatch,
    media_root: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    _upload(admin_client, batch, picture(grey=1), picture(grey=2))
    first, second = batch.images.all()

    with django_capture_on_commit_callbacks(execute=True):
        response = _upload(admin_client, batch, _remove=[first.pk, "x"])

    assert list(batch.images.all()) == [second]
    assert _files(media_root) == 1
    assert response.content.decode().count("<strong>@Image") == 1


def test_confirming_is_refused_when_other_images_were_shown(
    admin_client: Client, batch: RemixBatch
) -> None:
    shown = _upload(admin_client, batch, picture(grey=1), picture(grey=2))
    values = {**filled_in(shown), "prompt": "like @Image2"}

    response = admin_client.post(
        page_of(batch), {**values, "_remove": [image.pk for image in batch.images.all()[:1]]}
    )

    assert "Nothing was sent" in errors(response)["__all__"][0]
    assert not Remix.objects.exists()


def test_images_of_another_draft_can_not_be_removed(
    admin_client: Client, batch: RemixBatch
) -> None:
    other = draft(make_clip(sora_id="video_1"))
    _upload(admin_client, other, picture())

    _upload(admin_client, batch, _remove=[other.images.get().pk])

    assert other.images.exists()


def test_mutually_exclusive_options_and_references_are_an_error(
    admin_client: Client, batch: RemixBatch, settings: Settings
) -> None:
    record = {
        "endpoint_id": "a/b",
        "label": "Any",
        "source": {"kind": "url", "param": "video_url"},
        "price": {"per_run": 1},
        "references": {"param": "images_", "as_list": True, "maximum": 2},
        "options": [{"name": "free", "kind": "bool", "excludes": ["images_"]}],
    }
    settings.SORA_REMIX_ENDPOINTS = {"any": record}

    response = _upload(admin_client, batch, picture(), endpoint="any", **{"option-free": "true"})

    assert list(errors(response)) == ["free"]


def test_refusal_that_names_the_references_is_shown_beside_the_images(
    admin_client: Client, batch: RemixBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = Reason("image_urls", "about images")

    def refuse(*args: Any, **kwargs: Any) -> None:
        raise RequestRefused([reason])

    monkeypatch.setattr(services, "confirm", refuse)
    shown = choose(admin_client, batch, "kling-o3")

    response = admin_client.post(page_of(batch), {**filled_in(shown), "prompt": "noir"})

    assert errors(response) == {"images": ["about images"]}
