"""Each catalogue has every text of the app, is complete, and is compiled."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest
from django.conf import global_settings

APP = Path(__file__).resolve().parents[1] / "sora_remix"
LANGUAGES = ("de", "fr")
FORMS = 2
"""In German one is singular, in French zero is as well; all else is plural."""
PLACEHOLDER = re.compile(r"%(?:\(\w+\))?[a-z]|\{+\w*\}+|<[^>]*>")
Key = tuple[str | None, str, str]


def _key(entry: polib.POEntry | polib.MOEntry) -> Key:
    return entry.msgctxt, entry.msgid, entry.msgid_plural


def _path(language: str) -> Path:
    return APP / "locale" / language / "LC_MESSAGES" / "django.po"


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> set[Key]:
    """All texts of the app, read from the sources."""
    if shutil.which("xgettext") is None:
        if os.environ.get("TEST_GETTEXT") == "required":
            pytest.fail("xgettext is not installed (Debian: gettext).")
        pytest.skip("xgettext is not installed (Debian: gettext)")
    copy = tmp_path_factory.mktemp("texts") / "sora_remix"
    shutil.copytree(APP, copy, ignore=shutil.ignore_patterns("locale", "__pycache__"))
    (copy / "locale").mkdir()
    command = [sys.executable, "-m", "django", "makemessages", "--locale", "de", "--no-wrap"]
    env = {**os.environ, "DJANGO_SETTINGS_MODULE": ""}
    subprocess.run(command, cwd=copy, env=env, check=True, capture_output=True)
    return {_key(one) for one in polib.pofile(str(copy / "locale/de/LC_MESSAGES/django.po"))}


@pytest.fixture(params=LANGUAGES)
def catalogue(request: pytest.FixtureRequest) -> polib.POFile:
    return polib.pofile(str(_path(request.param)))


def _pairs(catalogue: polib.POFile) -> Iterator[tuple[str, str]]:
    """Yield each text beside each of its translations; a plural stands beside all plurals."""
    for entry in catalogue:
        plurals = [entry.msgstr_plural[form] for form in sorted(entry.msgstr_plural)]
        yield entry.msgid, plurals[0] if plurals else entry.msgstr
        yield from ((entry.msgid_plural, plural) for plural in plurals[1:])


def test_every_catalogue_has_a_language_known_to_django() -> None:
    there = {path.name for path in (APP / "locale").iterdir()}

    assert there == {*LANGUAGES}
    assert there <= {code for code, _name in global_settings.LANGUAGES}


def test_catalogue_has_every_text_and_no_other(catalogue: polib.POFile, texts: set[Key]) -> None:
    there = {_key(entry) for entry in catalogue if not entry.obsolete}

    assert sorted(map(str, texts - there)) == []
    assert sorted(map(str, there - texts)) == []
    assert catalogue.obsolete_entries() == []


def test_every_text_is_translated(catalogue: polib.POFile) -> None:
    assert [entry.msgid for entry in catalogue if not entry.translated()] == []
    assert catalogue.fuzzy_entries() == []


def test_every_plural_has_all_its_forms(catalogue: polib.POFile) -> None:
    counted = [entry for entry in catalogue if entry.msgid_plural]

    assert f"nplurals={FORMS};" in catalogue.metadata["Plural-Forms"]
    assert counted
    assert [one.msgid for one in counted if len(one.msgstr_plural) != FORMS] == []


def test_translation_has_the_placeholders_and_html_of_the_text(catalogue: polib.POFile) -> None:
    assert [
        (text, translated)
        for text, translated in _pairs(catalogue)
        if Counter(PLACEHOLDER.findall(text)) != Counter(PLACEHOLDER.findall(translated))
    ] == []


def test_translation_begins_and_ends_like_the_text(catalogue: polib.POFile) -> None:
    def ends(text: str) -> list[str]:
        return re.findall(r"^[ \n]*|[.:?!…]?[ \n]*\Z", text)

    different = [pair for pair in _pairs(catalogue) if ends(pair[0]) != ends(pair[1])]

    assert different == []


def test_compiled_catalogue_is_up_to_date(catalogue: polib.POFile) -> None:
    compiled = polib.mofile(str(Path(catalogue.fpath).with_suffix(".mo")))

    def told(entries: polib.POFile | polib.MOFile) -> dict[Key, tuple[str, dict[int, str]]]:
        return {_key(entry): (entry.msgstr, entry.msgstr_plural) for entry in entries}

    assert told(compiled) == told(catalogue)
    assert compiled.metadata == catalogue.metadata


@pytest.mark.parametrize(
    ("language", "wrong"),
    [
        ("de", r"[\"“]\w|\w[\"”]"),
        (
            "fr",
            r"[\"“”„]|[«]\S|\S[»]|[«] |[^\N{NO-BREAK SPACE}\N{NARROW NO-BREAK SPACE}][:;?!»](?!\S)",
        ),
    ],
)
def test_quotes_and_spaces_follow_the_language(language: str, wrong: str) -> None:
    catalogue = polib.pofile(str(_path(language)))
    shown = [re.sub("<[^>]*>", "", translated) for _text, translated in _pairs(catalogue)]

    assert [text for text in shown if re.search(wrong, text)] == []
