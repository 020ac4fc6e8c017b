"""The README agrees with the code."""

import re
from pathlib import Path

import sora_remix
from sora_remix.conf import PREFIX, Conf
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import Remix

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text()


def rows(first_cell: str) -> set[str]:
    return set(re.findall(rf"^\| `({first_cell})` \|", README, re.MULTILINE))


def test_readme_names_every_setting() -> None:
    settings = {name for name in vars(Conf) if name.startswith(PREFIX)}

    assert settings == set(re.findall(rf"`({PREFIX}\w+)`", README))
    assert rows(rf"{PREFIX}\w+") == settings


def test_readme_explains_every_system_check() -> None:
    code = (ROOT / "sora_remix" / "checks.py").read_text()

    assert rows(r"sora_remix\.[A-Z]\d+") == set(re.findall(r'id="(sora_remix\.\w+)"', code))


def test_readme_names_every_built_in_endpoint() -> None:
    assert BUILT_IN.keys() <= rows(r"[a-z0-9.-]+")


def test_readme_explains_every_status() -> None:
    assert set(Remix.Status.values) <= rows(r"[a-z]+")


def test_readme_has_the_test_command_of_the_ci() -> None:
    assert len(re.findall(r"^python3 -m venv .* -m pytest .*$", README, re.MULTILINE)) == 1


def test_changelog_names_this_version() -> None:
    assert sora_remix.__version__ in (ROOT / "CHANGELOG.md").read_text()
