"""The site of the tests is set up as the docs say, line by line."""

from __future__ import annotations

from django.apps import apps

from sora_remix.contrib.cms.apps import SoraRemixCMSConfig as CMSPart
from tests.docs import DOCS, ROOT, blocks
from tests.sites.cms.people import EDITOR, PAGES, PLUGIN

PAGE = DOCS / "how-to" / "cms.md"
SITE = ROOT / "tests" / "sites" / "cms"


def _lines(text: str) -> set[str]:
    return {line.strip() for line in text.splitlines() if line.strip()}


def test_site_has_every_url_of_the_docs_in_their_order() -> None:
    [block] = [one for one in blocks(PAGE, "python") if one.kind == "urls.py"]
    site = (SITE / "urls.py").read_text()

    assert _lines(block.text) - _lines(site) <= {"# urls.py"}
    assert site.index("sora_remix.urls") < site.index("cms.urls")


def test_settings_have_the_app_of_the_docs() -> None:
    first, _filer = [one for one in blocks(PAGE, "python") if one.kind == "settings.py"]

    assert first.text.splitlines()[-1] == f'INSTALLED_APPS += ["{CMSPart.name}"]'
    assert apps.is_installed(CMSPart.name)


def test_editor_of_the_tests_has_no_permission_beyond_the_docs() -> None:
    text = PAGE.read_text()

    assert [one for one in (*EDITOR, *PLUGIN, *PAGES) if f"`{one}`" not in text] == []
