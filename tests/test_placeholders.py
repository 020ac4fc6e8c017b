"""Placeholders are replaced for each video, and problems are found beforehand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sora_remix import placeholders
from sora_remix.endpoints import SORA_2
from sora_remix.models import Video
from tests.factories import make_video

SHORT = replace(SORA_2, prompt_max=12)


@pytest.mark.parametrize(
    ("prompt", "filled"),
    [
        ("noir", "noir"),
        ("{title}!", "Sea {title}!"),
        ("{{title}}", "{title}"),
        ("{{{title}}}", "{Sea {title}}"),
        ("a }} b {{", "a } b {"),
    ],
)
def test_placeholders_are_filled_in_once_and_double_braces_are_braces(
    db: None, prompt: str, filled: str
) -> None:
    video = make_video(title="Sea {title}")

    assert placeholders.fill(prompt, video) == filled


@pytest.mark.parametrize("duration", ["8.000", "8"])
def test_seconds_are_written_without_trailing_zeros(db: None, duration: str) -> None:
    video = Video.objects.get(pk=make_video(duration=duration).pk)

    assert placeholders.fill("{seconds}", video) == "8"


@pytest.mark.parametrize("prompt", ["noir", "{title} {seconds}", "{{ }}", "{{}}", ""])
def test_known_placeholders_are_valid(prompt: str) -> None:
    assert placeholders.syntax_problem(prompt) is None


@pytest.mark.parametrize("prompt", ["{name}", "{}", "{ title }", "{title!r}", "{title.x}"])
def test_unknown_placeholder_is_named_with_the_known_ones(prompt: str) -> None:
    problem = str(placeholders.syntax_problem(f"noir {prompt}"))

    assert f"“{prompt}” is not a placeholder. You can use {{title}}, {{seconds}}." in problem


@pytest.mark.parametrize("brace", ["{", "}"])
@pytest.mark.parametrize("prompt", ["noir %s", "%s{{", "%stitle"])
def test_single_brace_is_invalid(prompt: str, brace: str) -> None:
    assert "isn't allowed" in str(placeholders.syntax_problem(prompt % brace))


def test_too_long_prompt_is_reported_once_for_all_videos(db: None) -> None:
    cells = [(make_video(), 0), (make_video(), 0)]

    problems = placeholders.problems(SHORT, ["thirteen chars"], cells)

    assert [(index, str(problem)) for index, problem in problems] == [
        (0, "The prompt is longer than 12 characters.")
    ]


def test_prompt_too_long_after_filling_in_is_reported_with_video_and_length(db: None) -> None:
    cells = [(make_video(title=title), 1) for title in ("Sea", "Mediterranean")]

    problems = placeholders.problems(SHORT, ["", "{title}"], cells)

    message = "“Mediterranean”: its prompt has 13 characters after replacement. "
    assert [(index, str(problem)) for index, problem in problems] == [
        (1, message + "The prompt is longer than 12 characters.")
    ]


@pytest.mark.parametrize(("videos", "more"), [(4, "1 more video."), (5, "2 more videos.")])
def test_some_of_many_videos_with_the_same_problem_are_named(
    db: None, videos: int, more: str
) -> None:
    cells = [(make_video(duration=None), 0) for _ in range(videos)]

    problems = placeholders.problems(SORA_2, ["{seconds} s"], cells)

    assert len(problems) == 4
    assert str(problems[-1][1]) == f"The same applies to {more}"


def test_problems_of_unticked_cells_are_ignored(db: None) -> None:
    video = make_video()
    prompts = ["noir", "{broken"]
    cells = placeholders.cells([video], prompts, {(video.pk, 1)})

    assert cells == [(video, 0)]
    assert placeholders.problems(SORA_2, prompts, cells) == []
