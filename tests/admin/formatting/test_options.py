"""Options read as words, not as JSON."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import translation
from pytest_django import Settings

from sora_remix.admin.formatting.options import in_words
from sora_remix.models import Remix
from tests.checkout import SORA


def words(endpoint: str = "kling-o3", **options: Any) -> str:
    return in_words(Remix(endpoint=endpoint, options=options))


@pytest.fixture
def record(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": SORA}


def test_options_have_the_labels_and_order_of_the_record(record: None) -> None:
    options = {"avoid": "rain", "size": "720p", "loop": False, "sharp": True}

    assert words("any", **options) == "Sharp: Yes, Loop: No, Size: 720p, What to avoid: rain"


@pytest.mark.parametrize("value", [None, "", [], "  "])
def test_options_that_were_left_to_the_model_are_left_out(record: None, value: object) -> None:
    assert words("any", size="720p", seed=value) == "Size: 720p"


@pytest.mark.parametrize("endpoint", ["any", "removed"])
def test_unknown_options_have_a_readable_form(record: None, endpoint: str) -> None:
    options = {"cfg_scale": 1000.5, "camera": {"pan_left": 2}}

    with translation.override("de"):
        assert words(endpoint, **options) == "Cfg scale: 1000,5, Camera: Pan left 2"


def test_reference_images_are_counted() -> None:
    images = ["images/one.png", "images/two.png"]

    assert words(image_urls=images, keep_audio=True) == "Keep the sound: Yes, Reference images: 2"


def test_long_text_is_shortened(record: None) -> None:
    assert words("any", avoid="rain\n" * 100) == f"What to avoid: {('rain ' * 30)[:99]}…"
