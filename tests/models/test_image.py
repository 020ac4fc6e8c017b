"""Reference images are deleted with their draft and kept with a confirmed batch."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile
from django.db import IntegrityError
from pytest_django import DjangoCaptureOnCommitCallbacks, Settings

from sora_remix.models import ReferenceImage, RemixBatch
from sora_remix.storage import app_storage
from tests.factories import ago

NAME = "references/rain.png"


@pytest.fixture
def batch(db: None, settings: Settings) -> RemixBatch:
    """A draft with an image, in a storage of its own."""
    memory = {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": memory}
    app_storage().save(NAME, ContentFile(b"x"))
    batch = RemixBatch.objects.start([], by=None)
    _add(batch)
    return batch


def _add(batch: RemixBatch, digest: str = "a") -> ReferenceImage:
    shape = {"width": 4, "height": 3, "size": 1}
    return batch.images.create(file=NAME, stored_files=[NAME], digest=digest, **shape)


def test_image_is_displayed_by_its_name_and_has_its_type(batch: RemixBatch) -> None:
    image = batch.images.get()

    assert (str(image), image.extension) == (NAME, ".png")


def test_images_of_a_batch_are_in_upload_order(batch: RemixBatch) -> None:
    second = _add(batch, "b")

    assert batch.images.last() == second


def test_draft_keeps_the_same_image_once(batch: RemixBatch) -> None:
    with pytest.raises(IntegrityError):
        _add(batch)


def test_discarded_image_is_deleted_with_its_file(
    batch: RemixBatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    pk = batch.images.get().pk

    with django_capture_on_commit_callbacks(execute=True):
        ReferenceImage.objects.discard(batch, [pk])

    assert not batch.images.exists()
    assert not app_storage().exists(NAME)


def test_the_images_of_a_confirmed_batch_are_not_discarded(batch: RemixBatch) -> None:
    batch.confirm()

    ReferenceImage.objects.discard(batch, [batch.images.get().pk])

    assert batch.images.exists()


def test_the_images_of_another_batch_are_not_discarded(batch: RemixBatch) -> None:
    other = RemixBatch.objects.start([], by=None)

    ReferenceImage.objects.discard(other, [batch.images.get().pk])

    assert batch.images.exists()


def test_expired_draft_is_deleted_with_its_images_and_files(
    batch: RemixBatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    RemixBatch.objects.update(created_at=ago(days=8))

    with django_capture_on_commit_callbacks(execute=True):
        RemixBatch.objects.forget_old_drafts()

    assert not ReferenceImage.objects.exists()
    assert not app_storage().exists(NAME)


def test_file_shared_with_another_image_is_kept(
    batch: RemixBatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    _add(batch, "b")

    with django_capture_on_commit_callbacks(execute=True):
        batch.images.last().delete()  # type: ignore[union-attr]

    assert app_storage().exists(NAME)
