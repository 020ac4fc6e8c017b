"""`manage.py sora_remix_import` adds a video for each file of a site's own model."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.core.management.base import CommandError

from sora_remix.models import Approval, Video
from sora_remix.storage import app_storage
from tests.clips.models import Clip
from tests.decoding.recordings import record

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
