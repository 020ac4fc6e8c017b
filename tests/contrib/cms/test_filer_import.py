"""`manage.py sora_remix_import` adds the videos of django-filer, which keeps their files."""

from __future__ import annotations

import io
from hashlib import sha1
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone
from filer.fields.multistorage_file import STORAGES
from filer.models import File, Image

from sora_remix.models import Video
from tests.checkout import png
from tests.decoding.recordings import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


def _keep(filename: str, content: bytes, model: Any = File, **values: Any) -> Any:
    """Add a file as filer's upload does; it reads no file of which it knows all."""
    storage = STORAGES["public" if values.get("is_public", True) else "private"]
    stored = storage.save(f"filer/{filename}", ContentFile(content))
    known = {"_file_size": len(content), "sha1": sha1(content).hexdigest()}
    return model.objects.create(file=stored, original_filename=filename, **known, **values)


def _run(*arguments: str) -> tuple[str, str]:
    out, error = io.StringIO(), io.StringIO()
    named = ["filer.File", "--file-field", "file", *arguments]
    try:
        call_command("sora_remix_import", *named, stdout=out, stderr=error)
    except CommandError as problem:
        error.write(str(problem))
    return out.getvalue().partition("\n")[0], error.getvalue()


@pytest.fixture
def desk() -> Any:
    """A video among an image and a document."""
    _keep("Harbour.PNG", png(), Image, date_taken=timezone.now())
    _keep("Prices.pdf", b"%PDF-1.7")
    return _keep("Tide.mp4", record("mp4"), name="High tide")


def test_videos_are_added_under_the_names_that_filer_shows(desk: Any) -> None:
    said, problems = _run()

    video = Video.objects.get()
    assert (video.title, video.file.name) == ("High tide", desk.file.name)
    assert video.source_object == desk and video.owned_files() == []
    assert problems == ""
    assert said == (
        "Added 1 videos, 0 were there already, 0 were refused. 2 other files were left out."
    )


def test_second_run_and_dry_run_add_nothing(desk: Any) -> None:
    assert _run("--dry-run")[0].startswith("Would add 1 videos")
    assert not Video.objects.exists()
    _run()

    assert _run()[0].startswith("Added 0 videos, 1 were there already")


def test_deleting_the_video_leaves_the_file_to_filer(
    desk: Any, django_capture_on_commit_callbacks: Any
) -> None:
    _run()

    with django_capture_on_commit_callbacks(execute=True):
        Video.objects.get().delete()

    assert desk.file.exists()


def test_private_file_is_added_once_its_storage_is_known_to_workers(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"location": tmp_path / "private", "base_url": "/private/"}
    private = type(STORAGES["private"])(**options)
    monkeypatch.setitem(STORAGES, "private", private)
    kept = _keep("Secret.mp4", record("mp4"), is_public=False)

    said, problems = _run()
    assert said == "Added 0 videos, 0 were there already, 1 were refused."
    assert "The storage of filer.File.file is not in STORAGES." in problems
    backend = "filer.storage.PrivateFileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "filer_private": {"BACKEND": backend, "OPTIONS": options},
    }

    assert _run()[0].startswith("Added 1 videos")
    video = Video.objects.get()
    assert (video.storage_alias, video.file.name) == ("filer_private", kept.file.name)
    assert video.file.size == kept.file.size
