"""The app's stylesheets need no stylesheet of Django's: a theme of the admin may lack it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import sora_remix

FOLDER = Path(sora_remix.__file__).parent / "static" / "sora_remix"
STYLESHEETS = sorted(FOLDER.glob("*.css"))
USED = re.compile(r"var\(\s*(--[\w-]+)\s*\)")
SET = re.compile(r"^\s*(--[\w-]+)\s*:", re.MULTILINE)
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
