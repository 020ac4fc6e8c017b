"""Options of one model are kept while another is looked at."""

from __future__ import annotations

import json

import pytest
from django.test import Client

from sora_remix.models import RemixBatch
from tests.checkout import draft, errors, filled_in, make_clip, options, page_of
from tests.forms import submit
from tests.html import find, inner_text

pytestmark = pytest.mark.django_db


@pytest.fixture
def batch(db: None) -> RemixBatch:
    """A draft of one clip of four seconds."""
    return draft(make_clip())


def test_options_come_back_with_their_model(admin_client: Client, batch: RemixBatch) -> None:
    page = submit(admin_client, page_of(batch), {"endpoint": "kling-o3"}, "_recalculate")
    page = submit(
        admin_client, page, {"endpoint": "grok", "option-keep_audio": None}, "_recalculate"
    )
    chosen = {"endpoint": "flux-3", **options(resolution="720p")}
    page = submit(admin_client, page, chosen, "_recalculate")

    grok = submit(admin_client, page, {"endpoint": "grok"}, "_recalculate")
    kling = submit(admin_client, grok, {"endpoint": "kling-o3"}, "_recalculate")

    assert filled_in(grok)["option-resolution"] == "720p"
    assert "option-keep_audio" not in filled_in(kling)
    assert 'value="Make 1 remix for $0.32"' in grok.content.decode()


def test_price_of_a_model_includes_its_kept_options(
    admin_client: Client, batch: RemixBatch
) -> None:
    page = submit(admin_client, page_of(batch), {"endpoint": "grok"}, "_recalculate")
    chosen = {"endpoint": "flux-3", **options(resolution="720p")}

    page = submit(admin_client, page, chosen, "_recalculate")

    assert "$0.32" in inner_text(find(page, "label", id="sora-remix-choice-grok"))


def test_wrong_option_is_kept_with_its_error(admin_client: Client, batch: RemixBatch) -> None:
    wrong = {"endpoint": "kling-o3", **options(safety_tolerance="9")}
    page = submit(admin_client, page_of(batch), wrong, "_recalculate")

    back = submit(admin_client, page, {"endpoint": "flux-3"}, "_recalculate")

    assert (list(errors(page)), list(errors(back))) == ([], ["safety_tolerance"])
    assert filled_in(back)["option-safety_tolerance"] == "9"


def test_confirmed_remix_has_the_options_that_came_back(
    admin_client: Client, batch: RemixBatch
) -> None:
    page = submit(admin_client, page_of(batch), {"endpoint": "grok"}, "_recalculate")
    chosen = {"endpoint": "flux-3", **options(resolution="720p")}
    page = submit(admin_client, page, chosen, "_recalculate")
    page = submit(admin_client, page, {"endpoint": "grok"}, "_recalculate")

    submit(admin_client, page, {"prompt": "noir"}, "")

    assert batch.remixes.get().options == {"resolution": "720p"}


@pytest.mark.parametrize(
    "kept",
    [
        "x",
        "[]",
        "[" * 100_000,
        json.dumps({"grok": 1}),
        json.dumps({"grok": {"option-resolution": "720p"}}),
        json.dumps({"grok": {"option-resolution": [720]}}),
        json.dumps({"unknown": {"option-resolution": ["720p"]}}),
    ],
)
def test_kept_options_that_the_page_did_not_send_count_as_none(
    admin_client: Client, batch: RemixBatch, kept: str
) -> None:
    values = filled_in(admin_client.get(page_of(batch)))
    sent = {**values, "_kept": kept, "endpoint": "grok", "_recalculate": "1"}

    page = admin_client.post(page_of(batch), sent)

    assert filled_in(page)["option-resolution"] == "auto"
    assert json.loads(filled_in(page)["_kept"]).keys() == {"flux-3"}
