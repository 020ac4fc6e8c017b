"""Verify webhooks: fal must have signed the call for this account, within five minutes.

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
from . import webhook_keys
from .answers import MAX_ID

MAX_BODY = 1024**2
"""Bytes. A webhook about one video has a few hundred."""
MAX_AGE = 300
"""Seconds between fal's timestamp and this machine's clock."""
SIGNATURE_BYTES = 64
ACCOUNT = "sora_remix.webhook.account"
"""Cache key of the account that webhooks named."""
HEADERS = tuple(
    f"X-Fal-Webhook-{name}" for name in ("Request-Id", "User-Id", "Timestamp", "Signature")
)


def verified_request_id(headers: Mapping[str, str], body: bytes) -> str:
    """Return the request id in a verified webhook.

    Raise `WebhookRefused` if the call fails verification, and `TryLater` if it can't be verified
    now because fal's keys can't be read.
    """
    if len(body) > MAX_BODY:
        raise WebhookRefused("its body is too large")
    request_id, user_id, timestamp, signature = _read(headers)
    digest = hashlib.sha256(body).hexdigest()
    message = f"{request_id}\n{user_id}\n{timestamp}\n{digest}".encode()
    # If no cached key matches, download them again: fal may have changed them.
    if not any(
        _is_signed(message, signature, read())
        for read in (webhook_keys.known, webhook_keys.current)
    ):
        raise WebhookRefused("the signature matches none of fal's keys")
    if _request_id(body) != request_id:
        raise WebhookRefused("its body and its header name different requests")
    return request_id


def learn_account(headers: Mapping[str, str]) -> str:
    """Remember the account that a call names, and return it if it is new, else an empty string.

    Use it only for verified calls about one of the site's remixes, because fal signs the webhooks
    of all its customers.
    """
    account = headers.get(HEADERS[1], "")
    if conf.SORA_REMIX_WEBHOOK_USER_ID or account == known_account():
        return ""
    cache.set(ACCOUNT, account, None)
    return account


def known_account() -> str:
    """Return the account that webhooks named, or an empty string."""
    account: str = cache.get(ACCOUNT, "")
    return account


def _read(headers: Mapping[str, str]) -> tuple[str, str, str, bytes]:
    """Return the four headers after the checks that need no key."""
    values = [headers.get(name, "") for name in HEADERS]
    if not all(value and value.isascii() and value.isprintable() for value in values):
        raise WebhookRefused("a header is missing or is not plain text")
    request_id, user_id, timestamp, signature = values
    if max(len(request_id), len(user_id)) > MAX_ID:
        raise WebhookRefused("its request id or account id is too long")
    if not _is_recent(timestamp):
        raise WebhookRefused("it is too old or from the future")
    account = conf.SORA_REMIX_WEBHOOK_USER_ID
    if account and not constant_time_compare(user_id, account):
        raise WebhookRefused("it is for another account")
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
        raise WebhookRefused("the signature is not hexadecimal") from error
    if len(signature) != SIGNATURE_BYTES:
        raise WebhookRefused("the signature has the wrong length")
    return signature


def _is_signed(message: bytes, signature: bytes, public_keys: Iterable[bytes]) -> bool:
    return any(_is_valid(key, message, signature) for key in public_keys)


def _is_valid(key: bytes, message: bytes, signature: bytes) -> bool:
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
