"""The app's templates suit every theme of the admin."""

from __future__ import annotations

from pathlib import Path

import sora_remix

FOLDER = Path(sora_remix.__file__).parent / "templates" / "admin"
TEXTS = {str(path.relative_to(FOLDER)): path.read_text() for path in FOLDER.rglob("*.html")}


def test_no_template_fills_a_block_that_themes_draw_elsewhere() -> None:
    assert [name for name, text in TEXTS.items() if "block object-tools" in text] == []


def test_each_page_of_our_own_shows_its_title_in_its_content() -> None:
    bases = ('"admin/base_site.html"', '"admin/sora_remix/remix/page.html"')
    own = {name: text for name, text in TEXTS.items() if any(base in text for base in bases)}

    assert len(own) > 5
    assert [name for name, text in own.items() if "<h1>{{ title }}</h1>" not in text] == [
        "sora_remix/remix/page.html"
    ]
