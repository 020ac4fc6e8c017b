"""The app's stylesheets suit every theme of the admin, and every direction of writing."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sora_remix

FOLDER = Path(sora_remix.__file__).parent / "static" / "sora_remix"
STYLESHEETS = sorted(FOLDER.glob("*.css"))
USED = re.compile(r"var\(\s*(--[\w-]+)\s*\)")
SET = re.compile(r"^\s*(--[\w-]+)\s*:", re.MULTILINE)
PHYSICAL = re.compile(r"[\w-]*\b(?:left|right)\b[\w-]*\s*:|:\s*(?:left|right)\s*[;}]")
"""Properties and values that a language written from right to left would need to mirror."""
ALWAYS_LOADED = ("theme.css",)
WITHOUT_WEIGHT = ("theme.css", "elements.css")


def _read(name: str) -> str:
    return (FOLDER / name).read_text()


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_each_variable_has_a_value_in_every_theme(path: Path) -> None:
    everywhere = {name for sheet in ALWAYS_LOADED for name in SET.findall(_read(sheet))}
    text = path.read_text()

    lacking = set(USED.findall(text)) - everywhere - set(SET.findall(text))

    assert not lacking


@pytest.mark.parametrize("name", WITHOUT_WEIGHT)
def test_values_for_themes_have_no_weight(name: str) -> None:
    text = re.sub(r"/\*.*?\*/", "", _read(name), flags=re.DOTALL)
    selectors = [one.strip() for one in re.findall(r"([^{}]+)\{", text)]

    assert selectors
    assert [one for one in selectors if not one.startswith((":where(", "@"))] == []


@pytest.mark.parametrize("path", STYLESHEETS, ids=lambda path: path.name)
def test_nothing_is_said_about_left_and_right(path: Path) -> None:
    text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)

    assert PHYSICAL.findall(text) == []
