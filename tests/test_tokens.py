"""A token names its video for a day, and can't be forged."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import signing
from django.test import override_settings

from sora_remix import tokens
from sora_remix.tokens import make_token, pk_of


def test_token_names_its_video() -> None:
    assert pk_of(make_token(12)) == 12


@pytest.mark.parametrize(
    "forged",
    [
        "",
        "12",
        make_token(12).replace("12:", "13:", 1),
        make_token(12)[:-1],
        signing.TimestampSigner(salt="another").sign("12"),
    ],
    # A token holds the second in which it was made, and runners side by side compare names.
    ids=["nothing", "a key alone", "another key", "cut off", "another salt"],
)
def test_invalid_token_is_refused(forged: str) -> None:
    with pytest.raises(signing.BadSignature):
        pk_of(forged)


def test_token_of_another_site_is_refused() -> None:
    with override_settings(SECRET_KEY="another"):
        token = make_token(12)

    with pytest.raises(signing.BadSignature):
        pk_of(token)


def test_token_expires(monkeypatch: pytest.MonkeyPatch) -> None:
    token = make_token(12)
    monkeypatch.setattr(tokens, "MAX_AGE", timedelta(seconds=-1))

    with pytest.raises(signing.SignatureExpired):
        pk_of(token)
