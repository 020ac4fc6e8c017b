"""Tokens by which whoever was shown a player may have its addresses renewed."""

from __future__ import annotations

from datetime import timedelta

from django.core import signing

MAX_AGE = timedelta(days=1)
"""How long a page may stay open before its players need it to be loaded anew."""

SALT = "sora_remix.tokens"


def make_token(pk: int) -> str:
    """Return a token for the video with this primary key, good from now on."""
    return signing.TimestampSigner(salt=SALT).sign(str(pk))


def pk_of(token: str) -> int:
    """Return whose token it is; raise `BadSignature` when it is forged or too old."""
    return int(signing.TimestampSigner(salt=SALT).unsign(token, max_age=MAX_AGE))
