"""`manage.py sora_remix_import` adds a video for each file of a site's own model."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.core.management.base import CommandError

from sora_remix.models import Approval, Video
from sora_remix.storage import app_storage
from tests.decoding.recordings import record
from tests.own_media import fail
from tests.sites.clips.models import Clip

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


@pytest.fixture
def clips() -> list[Clip]:
    """Two clips of the site, and one that has no file yet."""
    made = [Clip.objects.create(name=name) for name in ("Sea", "Forest", "Planned")]
    for clip in made[:2]:
        clip.clip.save(f"{clip.name}.mp4", ContentFile(record("mp4")))
    return made


def _run(*arguments: str, **options: Any) -> tuple[list[str], list[str]]:
    out, error = io.StringIO(), io.StringIO()
    named = ["clips.Clip", "--file-field", "clip", *arguments]
    try:
        call_command("sora_remix_import", *named, stdout=out, stderr=error, **options)
    except CommandError as problem:
        error.write(f"{problem}\n")
    return out.getvalue().splitlines(), error.getvalue().splitlines()


def test_each_file_gets_a_video_that_knows_its_clip(clips: list[Clip]) -> None:
    said, problems = _run("--title-field", "name")

    videos = {video.title: video for video in Video.objects.all()}
    assert said[0] == "Added 2 videos, 0 were there already, 0 were refused."
    assert problems == []
    assert videos.keys() == {"Sea", "Forest"}
    assert videos["Sea"].source_object == clips[0]
    assert videos["Sea"].file.name == clips[0].clip.name
    assert (videos["Sea"].owned_files(), videos["Sea"].approval) == ([], Approval.NEW)


def test_title_that_is_empty_is_the_name_of_the_file(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Clip, "caption", None, raising=False)

    _run("--title-field", "caption")

    assert {video.title for video in Video.objects.all()} == {"Sea.mp4", "Forest.mp4"}


def test_second_run_adds_only_what_is_new(clips: list[Clip]) -> None:
    _run()
    Video.objects.get(title="Sea").delete()
    clips[2].clip.save("Planned.mp4", ContentFile(record("mp4")))

    said, _problems = _run()
    again, _problems = _run()

    assert said[0] == "Added 2 videos, 1 were there already, 0 were refused."
    assert again == ["Added 0 videos, 3 were there already, 0 were refused."]
    assert Video.objects.count() == 3


def test_dry_run_writes_nothing(clips: list[Clip]) -> None:
    said, _problems = _run("--dry-run")

    assert said == ["Would add 2 videos, 0 were there already, 0 were refused."]
    assert not Video.objects.exists()


def test_missing_file_is_named_and_the_others_are_added(clips: list[Clip]) -> None:
    name = str(clips[0].clip.name)
    app_storage().delete(name)

    said, problems = _run()

    assert said[0] == "Added 1 videos, 0 were there already, 1 were refused."
    assert problems == [
        f"“{name}” is not in the storage. Nothing was added.",
        "1 files were refused.",
    ]


@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_file_of_two_rows_is_named_and_added_once(clips: list[Clip], options: list[str]) -> None:
    name = str(clips[0].clip.name)
    Clip.objects.create(name="Again", clip=name)

    said, problems = _run(*options)

    assert said[0].endswith("2 videos, 1 were there already, 0 were refused.")
    assert problems == [f"“{name}” is there several times. It is added once."]


def test_storage_that_is_down_ends_the_command_with_a_sentence(
    clips: list[Clip], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FileSystemStorage, "exists", fail)

    _said, problems = _run()

    assert problems[-1].startswith("The storage can't be reached.")


def test_audio_files_are_left_out(clips: list[Clip]) -> None:
    clips[2].clip.save("Waves.MP3", ContentFile(b"sound"))

    said, problems = _run()

    assert said[0] == (
        "Added 2 videos, 0 were there already, 0 were refused. 1 other files were left out."
    )
    assert problems == []


def test_videos_are_approved_on_request(clips: list[Clip]) -> None:
    _run("--approved")

    assert Video.objects.approved().count() == 2


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["clips.Nothing", "--file-field", "clip"], "There is no model “clips.Nothing”"),
        (["clips", "--file-field", "clip"], "Write it as app.Model"),
        (["clips.Clip", "--file-field", "name"], "Clip has no file field “name”"),
        (["clips.Clip", "--file-field", "gone"], "Clip has no file field “gone”"),
        (["clips.Clip", "--file-field", "clip", "--title-field", "gone"], "“gone”"),
    ],
)
def test_wrong_argument_is_named(arguments: list[str], reason: str) -> None:
    with pytest.raises(CommandError, match=reason):
        call_command("sora_remix_import", *arguments)


def test_progress_is_shown_on_a_terminal(clips: list[Clip], media_root: Path) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    out = Terminal()
    call_command("sora_remix_import", "clips.Clip", file_field="clip", stdout=out)

    assert out.getvalue().count("Added 2 videos") == 3
