"""Figures are formatted in the language of the user; forms send the same in all languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from sora_remix.admin.formatting import text
from sora_remix.dollars import dollars
from sora_remix.endpoints import get_endpoint
from sora_remix.models import Remix, Video
from tests.admin_urls import change_url
from tests.checkout import (
    choose,
    draft,
    filled_in,
    grid_of,
    make_clip,
    options,
    page_of,
    picture,
    send,
    text_of,
)
from tests.factories import make_remix, make_video
from tests.forms import submit

pytestmark = pytest.mark.django_db

NB = "\N{NO-BREAK SPACE}"
VIDEOS = "/admin/sora_remix/video/"


@pytest.fixture
def german(admin_client: Client, settings: Any) -> Client:
    """A German editor on a site that groups digits."""
    settings.USE_THOUSAND_SEPARATOR = True
    admin_client.defaults["HTTP_ACCEPT_LANGUAGE"] = "de"
    return admin_client


@pytest.mark.parametrize(
    ("language", "cost", "length", "time"),
    [
        ("en", "$1,234.50", "8.25 s", "about 3 minutes"),
        ("de", f"1.234,50{NB}$", f"8,25{NB}s", "etwa 3 Minuten"),
        ("fr", f"1{NB}234,50{NB}$US", f"8,25{NB}s", "environ 3 minutes"),
    ],
)
def test_money_and_times_are_formatted_in_the_language(
    language: str, cost: str, length: str, time: str
) -> None:
    with translation.override(language):
        assert dollars(Decimal("1234.5")) == cost
        assert text.seconds(Decimal("8.25")) == length
        assert text.usual_time(190) == time


@pytest.mark.parametrize(
    ("language", "counted"),
    [
        ("en", ["0 videos", "1 video", "2 videos"]),
        ("de", ["0 Videos", "1 Video", "2 Videos"]),
        ("fr", ["0 vidéo", "1 vidéo", "2 vidéos"]),
    ],
)
def test_zero_is_singular_in_french_only(language: str, counted: list[str]) -> None:
    with translation.override(language):
        texts = [translation.ngettext("%(many)s video", "%(many)s videos", n) for n in range(3)]

    assert [text % {"many": n} for n, text in enumerate(texts)] == counted


@pytest.mark.parametrize(
    ("language", "refusal"),
    [
        ("de", f"Es ist 2,5{NB}s lang; das Modell nimmt mindestens 3{NB}s."),
        ("fr", f"La durée est de 2,5{NB}s, mais le modèle accepte au moins 3{NB}s."),
    ],
)
def test_limit_is_formatted_in_the_language(language: str, refusal: str) -> None:
    clip = make_clip(duration=Decimal("2.5"))

    with translation.override(language):
        assert str(get_endpoint("kling-o3").refusal(clip)) == refusal


def test_german_editor_confirms_the_amount_on_the_button(german: Client) -> None:
    batch = draft(*(make_video(pk=pk, duration="4560.25") for pk in (12345, 67890)))

    shown = german.get(page_of(batch))
    response = german.post(page_of(batch), {**filled_in(shown), "prompt": "schwarzweiß"})

    assert f'value="2 Remixe für 912,05{NB}$ erstellen"' in shown.content.decode()
    assert response.url == grid_of(batch)  # type: ignore[attr-defined]
    assert {remix.source_id for remix in batch.remixes.all()} == {12345, 67890}
    assert {remix.estimated_cost for remix in batch.remixes.all()} == {Decimal("456.025")}


def test_confirming_another_amount_than_shown_in_german_is_refused(german: Client) -> None:
    batch = draft(make_video(duration="1.5"))
    values = {**filled_in(german.get(page_of(batch))), "prompt": "schwarzweiß"}
    Video.objects.update(duration="15")

    response = german.post(page_of(batch), values)

    page = response.content.decode()
    assert "Nichts wurde gesendet, weil sich die Auswahl" in page
    assert f'value="1 Remix für 1,50{NB}$ erstellen"' in page
    assert not Remix.objects.exists()


def test_page_shown_in_english_can_be_confirmed_in_german(german: Client) -> None:
    batch = draft(make_video(duration="1.5"))
    values = filled_in(german.get(page_of(batch), headers={"accept-language": "en"}))

    german.post(page_of(batch), {**values, "prompt": "schwarzweiß"})

    assert batch.remixes.count() == 1


@pytest.mark.parametrize(("typed", "sent"), [("0.25", [{"strength": 0.25}]), ("0,25", [])])
def test_number_inputs_use_a_point_and_a_typed_comma_is_not_lost(
    german: Client, any_endpoint: None, typed: str, sent: list[dict[str, float]]
) -> None:
    batch = draft()

    shown = text_of(german, batch)
    send(german, batch, {"prompt": "noir", **options(strength=typed)})

    assert 'name="option-strength" value="0.5"' in shown
    assert [{"strength": remix.options["strength"]} for remix in batch.remixes.all()] == sent


def test_reference_image_can_be_removed_on_a_site_with_digit_grouping(
    german: Client, media_root: object
) -> None:
    batch = draft(make_clip())
    values = filled_in(choose(german, batch, "kling-o3"))
    german.post(page_of(batch), {**values, "images": picture(), "_recalculate": "1"})
    batch.images.update(id=12345)

    shown = choose(german, batch, "kling-o3").content.decode()
    german.post(page_of(batch), {**values, "_remove": "12345", "_recalculate": "1"})

    assert 'name="_remove" value="12345"' in shown
    assert not batch.images.exists()


def test_german_editor_types_and_reads_a_length_with_a_comma(german: Client) -> None:
    values = {"title": "Meer", "sora_id": "video_1", "duration": "8.5"}
    submit(german, f"{VIDEOS}add/", values)
    refused = submit(german, f"{VIDEOS}add/", {**values, "sora_id": "video_2", "duration": "8,5"})

    submit(german, VIDEOS, {}, button="layout=rows")
    page = german.get(VIDEOS).content.decode()
    [video] = Video.objects.all()
    form = german.get(change_url(video)).content.decode()

    assert refused.status_code == 200
    assert video.duration == Decimal("8.5")
    assert f"8,5{NB}s" in page
    assert 'name="duration" value="8.5' in form


@pytest.mark.parametrize(
    ("language", "day"), [("de", "24. September 2026"), ("fr", "24 septembre 2026")]
)
def test_days_are_formatted_in_the_language(admin_client: Client, language: str, day: str) -> None:
    batch = draft()

    page = admin_client.get(page_of(batch), headers={"accept-language": language})

    assert day in page.content.decode()


def test_progress_of_an_open_page_is_in_its_language(german: Client) -> None:
    batch = draft()
    for status in (Remix.Status.SUCCEEDED, Remix.Status.QUEUED):
        make_remix(batch=batch, status=status)

    told = german.get(reverse("admin:sora_remix_remix_progress"), {"batch": batch.pk}).json()

    assert told["batch"] == {"finished": 1, "total": 2, "text": "1 von 2 fertig"}
