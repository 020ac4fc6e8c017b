"""The process that makes a clip answers in lines of JSON, and knows nothing of the app."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pytest

from sora_remix import fitting
from sora_remix.decoding.limits import OverLimit
from sora_remix.fitting import process
from sora_remix.fitting.progress import ProgressReport
from sora_remix.recipe import Recipe
from tests.fitting.footage import Footage, film

ROOT = Path(fitting.__file__).parents[2]


def _answers(content: bytes, recipe: Recipe) -> list[dict[str, Any]]:
    """Return what the process says about a video."""
    with tempfile.TemporaryFile() as source, tempfile.TemporaryFile() as target:
        source.write(content)
        source.flush()
        descriptors = (source.fileno(), target.fileno())
        arguments = [*map(str, descriptors), recipe.to_text()]
        with subprocess.Popen(
            [sys.executable, "-m", "sora_remix.fitting", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=descriptors,
        ) as child:
            assert child.stdout
            return [json.loads(line) for line in child.stdout]


def test_process_tells_its_progress_and_the_facts_of_the_clip() -> None:
    *progress, last = _answers(film(Footage()), Recipe(width=80, height=44))

    assert all(0 <= answer["seconds"] <= 2 for answer in progress)
    assert last == {
        "done": {
            "container": "mp4",
            "video_codec": "h264",
            "audio_codec": "aac",
            "pixel_format": "yuv420p",
            "is_cut_off": False,
            "duration": 2_000_000,
            "width": 80,
            "height": 44,
            "rate": [25, 1],
        }
    }


def test_process_loads_neither_django_nor_the_app() -> None:
    code = (
        "import sys, sora_remix.fitting.process; "
        "print([name for name in sys.modules if name.startswith(('django', 'httpx')) "
        "or (name.startswith('sora_remix.') and name.split('.')[1] "
        "not in ('decoding', 'fitting', 'recipe'))])"
    )
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert found.stdout == "[]\n"


@pytest.mark.parametrize(
    ("error", "answer"),
    [
        (OverLimit("pixels"), {"error": "limit", "limit": "pixels"}),
        (MemoryError(), {"error": "limit", "limit": "memory"}),
        (OSError(28, "No space left"), {"error": "disk_full"}),
        (ValueError("x"), {"error": "not_a_video", "detail": "ValueError: x"}),
    ],
)
def test_error_is_answered(
    monkeypatch: pytest.MonkeyPatch, error: Exception, answer: dict[str, Any]
) -> None:
    def fail(*_arguments: object) -> None:
        raise error

    monkeypatch.setattr(process, "make_clip", fail)

    assert process.run(0, 1, Recipe()) == answer


def test_progress_is_told_a_few_times_a_second() -> None:
    told: list[dict[str, Any]] = []
    allowed: list[None] = []
    progress = ProgressReport(told.append, allow_next_step=lambda: allowed.append(None))

    for _picture in range(1000):
        progress.beat()

    assert 1 <= len(told) == len(allowed) < 100
