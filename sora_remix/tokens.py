"""Tokens that let a player on an open page renew its file URLs."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

MAX_AGE = timedelta(days=1)
"""How long a page may stay open before it must be reloaded."""

SALT = "sora_remix.tokens"


def make_token(pk: int) -> str:
    """Return a token for the video with this primary key, valid from now."""
    return signing.TimestampSigner(salt=SALT).sign(str(pk))


def pk_of(token: str) -> int:
    """Return the primary key in a token. Raise `BadSignature` if it is forged or expired."""
    return int(signing.TimestampSigner(salt=SALT).unsign(token, max_age=MAX_AGE))
