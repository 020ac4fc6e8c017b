"""The grid of a sprite sheet is what the video proves, or nothing."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.stills import draw_sheet
from example_project.fal_sandbox.videos import render
from sora_remix.decoding import sheets
from tests.decoding.test_stills import BLACK, WHITE, recording
from tests.ordering import png


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _clip(tmp_path_factory, "mountains", 320, 180)


@pytest.fixture(scope="module")
def tall(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _clip(tmp_path_factory, "city", 180, 320)


def _clip(factory: pytest.TempPathFactory, scene: str, width: int, height: int) -> Path:
    path = factory.mktemp("clips") / f"{scene}.mp4"
    draw_clip(path, scene, seconds=3, width=width, height=height, fps=12)
    return path


def _grid(sheet: bytes, video: bytes) -> tuple[int, int, int] | None:
    grid = sheets.sheet_grid(io.BytesIO(sheet), io.BytesIO(video))
    return (grid["columns"], grid["rows"], grid["frames"]) if grid else None


@pytest.mark.parametrize("gap", [0, 4])
@pytest.mark.parametrize(("columns", "rows"), [(4, 3), (10, 2), (1, 6), (6, 1), (3, 3)])
def test_any_grid_is_read(wide: Path, tall: Path, columns: int, rows: int, gap: int) -> None:
    for clip in (wide, tall):
        sheet = draw_sheet(clip, columns, rows, gap=gap)

        assert _grid(sheet, clip.read_bytes()) == (columns, rows, columns * rows)


def test_places_at_the_end_may_be_empty(wide: Path) -> None:
    sheet = draw_sheet(wide, 4, 3, moments=10)

    assert _grid(sheet, wide.read_bytes()) == (4, 3, 10)


@pytest.mark.parametrize(("columns", "rows"), [(4, 3), (10, 1)])
def test_a_video_that_ends_in_the_dark_has_no_empty_places(
    wide: Path, tmp_path: Path, columns: int, rows: int
) -> None:
    faded = tmp_path / "faded.mp4"
    render(wide, faded, ("fade=t=out:st=1.8:d=0.4",))

    grid = _grid(draw_sheet(faded, columns, rows), faded.read_bytes())

    assert grid == (columns, rows, columns * rows)


def test_a_sheet_of_another_video_proves_nothing(wide: Path, tall: Path) -> None:
    assert _grid(draw_sheet(tall, 4, 3), wide.read_bytes()) is None
    other = draw_sheet(tall, 9, 3, gap=0)  # of places that have about the shape of the video

    assert _grid(other, wide.read_bytes()) is None


def test_a_single_picture_is_no_sheet(wide: Path) -> None:
    assert _grid(draw_sheet(wide, 1, 1), wide.read_bytes()) is None


def test_a_video_that_shows_one_colour_proves_nothing() -> None:
    assert _grid(png(640, 270), recording(*[(WHITE, WHITE)] * 12).read()) is None


def test_a_picture_that_stands_still_proves_its_grid(tmp_path: Path) -> None:
    path = tmp_path / "still.mp4"
    path.write_bytes(recording(*[(BLACK, WHITE)] * 12).read())

    assert _grid(draw_sheet(path, 4, 3, gap=0), path.read_bytes()) == (4, 3, 12)


def test_what_lies_in_several_grids_alike_proves_none_of_them(tmp_path: Path) -> None:
    upright, path = tmp_path / "upright.mp4", tmp_path / "lying.mp4"
    upright.write_bytes(recording(*[(BLACK, WHITE)] * 12).read())
    render(upright, path, ("transpose=clock", "scale=320:180"))  # white above, black below

    assert _grid(draw_sheet(path, 10, 1, gap=0), path.read_bytes()) is None


def test_a_sheet_has_no_more_places_than_a_video_may_have_frames(
    wide: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sheet = draw_sheet(wide, 10, 4, gap=0)
    monkeypatch.setattr(sheets, "MOST_FRAMES", 39)

    assert _grid(sheet, wide.read_bytes()) is None


def test_a_long_video_is_not_decoded_for_it(wide: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheets, "MOST_FRAMES", 35)

    with pytest.raises(ValueError, match="36 frames"):
        _grid(draw_sheet(wide), wide.read_bytes())
