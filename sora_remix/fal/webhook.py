"""Webhooks: prove that a call comes from fal, for this account, just now.

Protocol: https://fal.ai/docs/documentation/model-apis/inference/webhooks
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.cache import cache
from django.utils.crypto import constant_time_compare

from ..conf import conf
from ..exceptions import WebhookRefused
from . import keys
from .answers import MAX_ID

MAX_BODY = 1024**2
"""Bytes; a notice about one video is a few hundred."""
MAX_AGE = 300
"""Seconds that may lie between fal's clock and ours."""
SIGNATURE_BYTES = 64
ACCOUNT = "sora_remix.webhook.account"
"""Where the cache keeps the account that calls named."""
HEADERS = tuple(
    f"X-Fal-Webhook-{name}" for name in ("Request-Id", "User-Id", "Timestamp", "Signature")
)


def verified_request_id(headers: Mapping[str, str], body: bytes) -> str:
    """Return fal's id of the request that this call is about.

    Raise `WebhookRefused` unless fal signed the call for this account just now, and `TryLater`
    when that can't be said because fal's keys can't be read.
    """
    if len(body) > MAX_BODY:
        raise WebhookRefused("The body is too large.")
    request_id, user_id, timestamp, signature = _read(headers)
    digest = hashlib.sha256(body).hexdigest()
    message = f"{request_id}\n{user_id}\n{timestamp}\n{digest}".encode()
    # Keys that fit none are read again: fal may have changed them since.
    if not any(_is_signed(message, signature, read()) for read in (keys.known, keys.current)):
        raise WebhookRefused("None of fal's keys made the signature.")
    if _request_id(body) != request_id:
        raise WebhookRefused("The body is about another request than its header.")
    return request_id


def learn_account(headers: Mapping[str, str]) -> str:
    """Remember whose account a call names; return that account if it is news, else nothing.

    Only for calls that are proven and about a remix of ours: fal signs for all its customers.
    """
    account = headers.get(HEADERS[1], "")
    if conf.SORA_REMIX_WEBHOOK_USER_ID or account == known_account():
        return ""
    cache.set(ACCOUNT, account, None)
    return account


def known_account() -> str:
    """Return the account that calls named, as far as the cache has kept it."""
    account: str = cache.get(ACCOUNT, "")
    return account


def _read(headers: Mapping[str, str]) -> tuple[str, str, str, bytes]:
    """Return the four headers if they can be right, judged without any key."""
    values = [headers.get(name, "") for name in HEADERS]
    if not all(value and value.isascii() and value.isprintable() for value in values):
        raise WebhookRefused("A header is missing, or no plain text.")
    request_id, user_id, timestamp, signature = values
    if max(len(request_id), len(user_id)) > MAX_ID:
        raise WebhookRefused("The id of the request or of the account is too long.")
    if not _is_recent(timestamp):
        raise WebhookRefused("It is too old, or from the future.")
    account = conf.SORA_REMIX_WEBHOOK_USER_ID
    if account and not constant_time_compare(user_id, account):
        raise WebhookRefused("It is about another account.")
    return request_id, user_id, timestamp, _signature(signature)


def _is_recent(timestamp: str) -> bool:
    try:
        return abs(int(time.time()) - int(timestamp)) <= MAX_AGE
    except ValueError:
        return False


def _signature(text: str) -> bytes:
    try:
        signature = bytes.fromhex(text)
    except ValueError as error:
        raise WebhookRefused("The signature is not hexadecimal.") from error
    if len(signature) != SIGNATURE_BYTES:
        raise WebhookRefused("The signature has a wrong length.")
    return signature


def _is_signed(message: bytes, signature: bytes, public_keys: Iterable[bytes]) -> bool:
    return any(_made(key, message, signature) for key in public_keys)


def _made(key: bytes, message: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def _request_id(body: bytes) -> object:
    try:
        notice = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return notice.get("request_id") if isinstance(notice, dict) else None
