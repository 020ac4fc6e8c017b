"""Numbers in attributes are for browsers and scripts, so they are never localized."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.db.models import Model
from django.test import Client

from sora_remix.models import PromptPreset, ReferenceImage, Remix, RemixBatch, Video
from tests import checkout
from tests.admin.test_language import OURS, Beyond, Reader
from tests.factories import make_remix, make_video
from tests.remix_actions import ACTIONS, ask

pytestmark = pytest.mark.django_db

READ_BY_PEOPLE = {"alt", "title", "aria-label", "aria-description", "placeholder", "label"}
WHOLE = {"colspan", "cols", "height", "maxlength", "minlength", "rows", "rowspan", "size", "width"}
WHOLE |= {f"data-{name}" for name in ("batch", "column", "columns", "frames", "now", "remix")}
WHOLE |= {"data-row", "data-rows", "data-start", "tabindex"}
"""Attributes that are whole numbers wherever they stand."""
DECIMAL = frozenset(("max", "min", "step", "data-fps"))
"""Attributes that may have a decimal point."""
NUMBER = {True: re.compile(r"-?[0-9]+"), False: re.compile(r"-?[0-9]+(\.[0-9]+)?|any")}
GROUPED = re.compile(r"(?<![\d.])[1-9]\d{0,2}(?:[.\u00a0\u202f]\d{3})+(?!\d)")
FIRST = 7_654_321
"""The first primary key, at least on SQLite."""


class Attributes(HTMLParser):
    """Read the attributes of a page that are not for people."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.wrong: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        for name, value in _machine_read(tag, given):
            if _is_wrong(tag, name, value, given.get("type")):
                self.wrong.append(f"<{tag} {name}={value!r}>")


def _is_wrong(tag: str, name: str, value: str, kind: str | None) -> bool:
    is_whole = name in WHOLE or (tag == "progress" and name in ("max", "value"))
    if is_whole or name in DECIMAL or (name == "value" and kind in ("number", "range")):
        return tag != "symbol" and not NUMBER[is_whole].fullmatch(value)
    return bool(GROUPED.search(value))


def _machine_read(tag: str, given: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    is_button = given.get("type") in ("submit", "button") or tag == "meta"
    for name, value in given.items():
        is_text = name in READ_BY_PEOPLE or (name in ("value", "content") and is_button)
        if value and not is_text and " " not in value.strip():
            yield name, value


@pytest.fixture(params=["de", "fr"])
def reader(
    request: pytest.FixtureRequest, admin_client: Client, settings: Any, media_root: object
) -> Reader:
    """A user on a site that groups digits and has many rows."""
    settings.USE_THOUSAND_SEPARATOR = True
    settings.LANGUAGE_CODE = request.param
    source, batch = Video(pk=FIRST), RemixBatch(pk=FIRST)
    remix = Remix(pk=FIRST, source=source)
    image = ReferenceImage(pk=FIRST, batch=batch, width=1, height=1, size=1)
    rows: tuple[Model, ...] = (PromptPreset(pk=FIRST), source, batch, remix, image)
    for row in rows:
        row.save()
    for row in reversed(rows):
        row.delete()
    return Reader(admin_client)


@pytest.mark.parametrize("place", OURS)
def test_numbers_in_attributes_are_not_localized(reader: Reader, place: str) -> None:
    try:
        OURS[place](reader)  # type: ignore[arg-type]
    except Beyond:
        assert reader.page
    assert Attributes(reader.page).wrong == []


def test_numbers_of_a_draft_are_not_localized(reader: Reader) -> None:
    PromptPreset.objects.create(name="Noir", text="noir", is_shared=True)
    batch = checkout.draft(*(checkout.make_clip(width=1920, height=1080) for _ in range(3)))

    for endpoint in ("flux-3", "kling-o3", "lucy-restyle", "grok-imagine"):
        typed = {"endpoint": endpoint, "prompt": "x", "_add": "1", "_numbers": "1234"}
        shown = checkout.recalculate(reader.client, batch, typed)
        assert Attributes(shown.content.decode()).wrong == []


def test_numbers_of_a_video_are_not_localized(reader: Reader) -> None:
    size = {"width": 1920, "height": 1080, "fps": "23.976"}
    picture = {"file": "a.mp4", "thumbnail": "a.jpg"}
    left = make_video(duration="1234.5", **size, **picture)
    right = make_video(**size, **picture)
    make_remix(source=left, status="succeeded", result=right)

    for path in (
        f"/admin/sora_remix/video/compare/?left={left.pk}&right={right.pk}",
        f"/admin/sora_remix/video/{left.pk}/change/",
        f"/admin/sora_remix/video/{left.pk}/tree/",
        f"/admin/sora_remix/video/review/?video={right.pk}",
    ):
        reader.goto(path)
        assert Attributes(reader.page).wrong == []


@pytest.mark.parametrize("action", ["approve", "reject", "clear"])
def test_numbers_of_a_decision_are_not_localized(reader: Reader, action: str) -> None:
    result = make_video(file="a.mp4", approval="rejected" if action == "clear" else "new")
    data = {"action": f"{action}_selected", "_selected_action": [result.pk]}

    page = reader.client.post("/admin/sora_remix/video/", data)

    assert 'name="videos"' in (shown := page.content.decode())
    assert Attributes(shown).wrong == []


@pytest.mark.parametrize("act", ACTIONS)
def test_numbers_of_an_action_are_not_localized(reader: Reader, act: str) -> None:
    remixes = [make_remix(status=status, request_id=status) for status in ("failed", "processing")]

    shown = ask(reader.client, act, remixes)

    assert Attributes(shown.content.decode()).wrong == []


def test_localized_number_is_found() -> None:
    page = '<td data-row="7.654.321"><a href="/1\u202f234/" title="1.234"><b height="1,5">'

    assert len(Attributes(page).wrong) == 3
