"""Settings are read live, and unknown names are found."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django import Settings

from sora_remix.conf import conf, unknown_settings


@pytest.mark.parametrize(
    ("name", "default"),
    [
        ("SORA_REMIX_FAL_KEY", None),
        ("SORA_REMIX_FAL_ADMIN_KEY", None),
        ("SORA_REMIX_LOW_BALANCE", None),
        ("SORA_REMIX_ENDPOINT", ""),
        ("SORA_REMIX_ENDPOINTS", {}),
        ("SORA_REMIX_STORAGE", "default"),
        ("SORA_REMIX_RESULT_HOSTS", ["fal.media", "*.fal.media"]),
        ("SORA_REMIX_MAX_RESULT_BYTES", 1_073_741_824),
        ("SORA_REMIX_MAX_IN_FLIGHT", 1000),
        ("SORA_REMIX_WEBHOOK_BASE_URL", ""),
        ("SORA_REMIX_WEBHOOK_USER_ID", ""),
        ("SORA_REMIX_JWKS_URL", "https://rest.fal.ai/.well-known/jwks.json"),
        ("SORA_REMIX_FAL_API_URL", "https://api.fal.ai/v1"),
        ("SORA_REMIX_SOURCE_DELIVERY", "upload"),
        ("SORA_REMIX_AI_LABEL", True),
    ],
)
def test_unset_setting_has_its_default(settings: Settings, name: str, default: Any) -> None:
    if hasattr(settings, name):
        delattr(settings, name)

    assert getattr(conf, name) == default


def test_changed_setting_applies_at_once_and_only_while_it_is_set(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "mine"
    before = conf.SORA_REMIX_ENDPOINT

    del settings.SORA_REMIX_ENDPOINT

    assert (before, conf.SORA_REMIX_ENDPOINT) == ("mine", "")


def test_unknown_setting_can_not_be_read(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPONT = "sora-2"

    with pytest.raises(AttributeError, match="SORA_REMIX_ENDPONT"):
        _ = conf.SORA_REMIX_ENDPONT


def test_unknown_names_with_our_prefix_are_found(settings: Settings) -> None:
    settings.SORA_REMIX_STORGE = "media"
    settings.SORA_REMIX_ENDPONT = "sora-2"
    settings.SORA_REMIX_STORAGE = "default"

    assert unknown_settings() == ["SORA_REMIX_ENDPONT", "SORA_REMIX_STORGE"]
