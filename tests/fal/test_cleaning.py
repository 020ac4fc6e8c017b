"""Foreign text becomes one printable line without any key."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sora_remix import fal
from sora_remix.fal import credentials
from sora_remix.request_pool import wait_for

KEY = "key-id-1:key-secret-2"


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("  two\r\nlines\tand\u2028more ", "two lines and more"),
        ("a\0b\x07c\x7fd\x9be", "abcde"),
        ("\x1b[2J\x1b]0;owned\x07", "[2J]0;owned"),
        ("half \ud83d, whole 😀", "half , whole 😀"),
        ("gpj\u202e.exe\u2066\u200b", "gpj.exe"),
        (["a\0"], "['a\\x00']"),
        (None, "None"),
        ("", ""),
    ],
)
def test_text_becomes_one_printable_line(text: object, cleaned: str) -> None:
    assert fal.clean(text) == cleaned


def test_text_is_cut(settings: Any) -> None:
    settings.SORA_REMIX_FAL_KEY = KEY

    assert fal.clean("x" * 600) == "x" * 500
    assert fal.clean("xyz", 2) == "xy"
    assert fal.clean(f"ab {KEY}", 6) == "ab …"


@pytest.mark.parametrize(
    "variables",
    [
        {"FAL_KEY": KEY},
        {"FAL_KEY_ID": "key-id-1", "FAL_KEY_SECRET": "key-secret-2"},
        {"FAL_KEY": "key-secret-2"},
        {"FAL_ADMIN_KEY": KEY},
    ],
)
def test_key_of_the_environment_is_hidden(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str]
) -> None:
    monkeypatch.delenv("FAL_KEY")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    for told in (KEY, f"Key {KEY}", "key-secret-2", "key-\0secret-2", "\x1bkey-\u200bsecret-2"):
        assert "secret" not in fal.clean(f"You sent: {told}!")


@pytest.mark.parametrize("name", ["SORA_REMIX_FAL_KEY", "SORA_REMIX_FAL_ADMIN_KEY"])
def test_key_of_the_settings_and_its_second_half_are_hidden(settings: Any, name: str) -> None:
    setattr(settings, name, f" {KEY}\n")

    assert fal.clean(f"You sent: Key {KEY}") == "You sent: Key …"
    assert fal.clean("You sent: key-secret-2") == "You sent: …"


def test_used_token_is_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    class Login:
        header_value = "Bearer token-of-a-login"

    async def fetch() -> Login:
        return Login()

    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setattr(credentials, "fetch_auth_credentials_async", fetch)
    wait_for(credentials.credentials())

    assert fal.clean("You sent: Bearer token-of-a-login") == "You sent: Bearer …"


def test_key_that_could_be_an_ordinary_word_hides_nothing(settings: Any) -> None:
    settings.SORA_REMIX_FAL_KEY = "a:b"

    assert fal.clean("a:b c") == "a:b c"


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise RecursionError


def test_error_without_text_is_shown_by_its_type() -> None:
    assert fal.clean(Unspeakable()) == "RecursionError"


@given(st.text(st.characters(exclude_categories=())) | st.binary(), st.integers(0, 50))
def test_anything_is_cleaned_for_storing_and_showing(text: object, most: int) -> None:
    cleaned = fal.clean(text, most)

    assert cleaned.isprintable()
    assert len(cleaned) <= most
    assert cleaned.encode().decode() == cleaned
