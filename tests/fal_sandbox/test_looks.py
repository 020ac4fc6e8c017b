"""Results look like what the prompt says."""

from __future__ import annotations

from pathlib import Path

import av
import pytest

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.looks import KEYWORDS, LOOKS, MILD, STYLES, choose_look
from example_project.fal_sandbox.videos import render

WIDTH, HEIGHT, FRAMES = 96, 54, 6


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("looks") / "clip.mp4"
    draw_clip(path, "mountains", seconds=0.5, width=WIDTH, height=HEIGHT, fps=12)
    return path


def pictures(clip: Path) -> list[bytes]:
    """Return each frame as RGB."""
    with av.open(str(clip)) as container:
        return [
            bytes(frame.reformat(format="rgb24").planes[0]) for frame in container.decode(video=0)
        ]


def mean(picture: bytes) -> tuple[float, float, float]:
    """Return the mean red, green and blue."""
    red, green, blue = (sum(picture[part::3]) * 3 / len(picture) for part in range(3))
    return red, green, blue


def made(clip: Path, look: str) -> bytes:
    """Return the last frame of a clip in this look."""
    target = clip.with_name(f"{look}.mp4")
    render(clip, target, LOOKS[look])
    return pictures(target)[-1]


@pytest.mark.parametrize("look", LOOKS)
def test_every_look_changes_the_picture_and_keeps_all_frames(clip: Path, look: str) -> None:
    target = clip.with_name(f"all-{look}.mp4")
    render(clip, target, LOOKS[look])

    before, after = pictures(clip), pictures(target)
    assert (len(before), len(after)) == (FRAMES, FRAMES)
    assert [len(picture) for picture in after] == [len(picture) for picture in before]
    distances = [abs(a - b) for a, b in zip(before[-1], after[-1], strict=True)]
    assert sum(distances) / len(distances) > 3


def test_night_is_darker_and_blue(clip: Path) -> None:
    before, (red, green, blue) = mean(pictures(clip)[-1]), mean(made(clip, "night"))

    assert red + green + blue < sum(before) / 2
    assert blue > red
    assert blue > green


def test_snow_is_brighter_and_falls(clip: Path) -> None:
    snow = clip.with_name("falling.mp4")
    render(clip, snow, LOOKS["snow"])

    first, *_, last = pictures(snow)
    assert sum(mean(last)) > sum(mean(pictures(clip)[-1])) * 1.3
    assert first != last


def test_ink_is_dark_blue_on_bright_paper(clip: Path) -> None:
    drawing = made(clip, "ink")

    pixels = sorted(zip(drawing[::3], drawing[1::3], drawing[2::3], strict=True), key=sum)
    ink, paper = pixels[0], pixels[-1]
    assert ink[2] > ink[0]
    assert sum(paper) - sum(ink) > 600


@pytest.mark.parametrize("look", ["watercolour", "snow", "neon"])
def test_a_clip_with_odd_sides_is_drawn_too(tmp_path: Path, look: str) -> None:
    odd = tmp_path / "odd.mkv"
    with av.open(str(odd), "w") as container:
        stream = container.add_stream("ffv1", rate=12)
        stream.width, stream.height, stream.pix_fmt = 95, 53, "yuv420p"
        for number in range(3):
            frame = av.VideoFrame(95, 53, "yuv420p")
            frame.pts = number
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))

    render(odd, tmp_path / "made.mp4", LOOKS[look])

    assert len(pictures(tmp_path / "made.mp4")) == 3


def test_every_style_has_keywords_of_its_own() -> None:
    words = [word for words in KEYWORDS.values() for word in words.split()]

    assert KEYWORDS.keys() == STYLES.keys()
    assert len(words) == len(set(words))


@pytest.mark.parametrize(
    ("prompt", "look"),
    [
        ("The same place as a watercolour painting", "watercolour"),
        ("As a drawing in ink", "ink"),
        ("The same forest in winter", "snow"),
        ("Now at night, lit by the moon", "night"),
        ("The same place at night, lit by neon signs", "neon"),
        ("A rainy night, in PURPLE", "night"),
        ("Als Gemälde", "watercolour"),
        ("sous la neige", "snow"),
    ],
)
def test_the_prompt_chooses_the_look(prompt: str, look: str) -> None:
    assert choose_look(prompt) == look


def test_any_other_prompt_gets_a_mild_look_and_keeps_it() -> None:
    looks = {choose_look(f"number {number}") for number in range(100)}

    assert looks == MILD.keys()
    assert choose_look("number 1") == choose_look("number 1")
