"""The docs agree with the code."""

import ast
import re
from itertools import pairwise

import sora_remix
from sora_remix.conf import PREFIX, Conf
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import Remix
from tests.docs import DOCS, README, ROOT, pages

OF_THE_DEMO = "SORA_REMIX_DEMO_FOLDER"
SETTINGS = {name for name in vars(Conf) if name.startswith(PREFIX)}


def rows(page: str, first_cell: str) -> set[str]:
    text = (DOCS / page).read_text()
    return set(re.findall(rf"^\| `({first_cell})` \|", text, re.MULTILINE))


def test_docs_explain_every_setting() -> None:
    [body] = [
        node.body
        for node in ast.parse((ROOT / "sora_remix" / "conf.py").read_text()).body
        if isinstance(node, ast.ClassDef)
    ]
    explained = {
        before.target.id
        for before, after in pairwise(body)
        if isinstance(before, ast.AnnAssign)
        and isinstance(before.target, ast.Name)
        and isinstance(after, ast.Expr)
        and isinstance(after.value, ast.Constant)
    }

    assert explained >= SETTINGS
    assert "```{all-settings}" in (DOCS / "reference" / "settings.md").read_text()


def test_docs_name_only_settings_that_exist() -> None:
    named = {name for page in pages() for name in re.findall(rf"{PREFIX}\w+", page.read_text())}

    assert named - {OF_THE_DEMO} <= SETTINGS


def test_docs_explain_every_system_check() -> None:
    code = (ROOT / "sora_remix" / "checks.py").read_text()
    explained = rows("reference/checks.md", r"sora_remix\.[A-Z]\d+")

    assert explained == set(re.findall(r'id="(sora_remix\.\w+)"', code))


def test_docs_name_every_built_in_endpoint() -> None:
    assert BUILT_IN.keys() <= rows("reference/endpoints.md", r"[a-z0-9.-]+")


def test_docs_explain_every_status() -> None:
    assert set(Remix.Status.values) <= rows("explanation/costs.md", r"[a-z]+")


def test_readme_has_the_test_command_of_the_ci() -> None:
    text = README.read_text()

    assert len(re.findall(r"^python3 -m venv .* -m pytest .*$", text, re.MULTILINE)) == 1


def test_changelog_names_this_version() -> None:
    assert sora_remix.__version__ in (ROOT / "CHANGELOG.md").read_text()
