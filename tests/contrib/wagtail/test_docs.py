"""The site of the tests is set up as the docs say, line by line."""

from __future__ import annotations

import pytest
from django.apps import apps

from sora_remix.contrib.wagtail.apps import SoraRemixWagtailConfig as WagtailPart
from tests.docs import DOCS, ROOT, blocks
from tests.sites.wagtail.people import EDITOR

PAGE = DOCS / "how-to" / "wagtail.md"
SITE = ROOT / "tests" / "sites" / "wagtail"
FILES = ["models.py", "urls.py", "templates/wagtail_site/story_page.html"]


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


@pytest.mark.parametrize("name", FILES)
def test_site_has_every_line_of_the_docs(name: str) -> None:
    language = "html" if name.endswith(".html") else "python"
    [block] = [one for one in blocks(PAGE, language) if one.kind in (name, "")]

    lacking = _lines(block.text) - _lines((SITE / name).read_text())

    assert lacking <= {f"# {name}"}


def test_settings_have_the_app_of_the_docs() -> None:
    [block] = [one for one in blocks(PAGE, "python") if one.kind == "settings.py"]

    assert block.text.splitlines()[-1] == f'INSTALLED_APPS += ["{WagtailPart.name}"]'
    assert apps.is_installed(WagtailPart.name)


def test_editor_of_the_tests_has_no_permission_beyond_the_docs() -> None:
    text = PAGE.read_text()

    assert all(f"`{codename}`" in text for codename in EDITOR)
