"""fal's public keys for webhooks, cached and downloaded with a time limit."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import threading
import time

import httpx
from django.core.cache import cache

from ..conf import conf
from ..exceptions import TryLater
from ..logs import get_logger
from .answers import describe
from .cleaning import clean
from .urls import is_safe_url

logger = get_logger(__name__)

KEEP_SECONDS = 24 * 60 * 60
"""How long fal allows its keys to be cached."""
AGAIN_SECONDS = 60
"""Time between two downloads, whether they succeed or not."""
READ_SECONDS = 6.0
"""Time limit of one download in all."""
TIMEOUT = httpx.Timeout(3)
MAX_BYTES = 64 * 1024
KEY_BYTES = 32
READING, READ = "reading", "read"


def known() -> list[bytes]:
    """Return the cached keys, at most a day old. The list may be empty."""
    keys: list[bytes] = cache.get(_name("keys"), [])
    return keys


def current() -> list[bytes]:
    """Return keys that are at most a minute old.

    Raise `TryLater` if they can't be downloaded, or if another process tried less than a minute
    ago without success, so that a slow key server blocks few processes.
    """
    if not cache.add(_name("gate"), READING, AGAIN_SECONDS):
        if cache.get(_name("gate")) == READ:
            return known()
        raise TryLater("fal's keys are not available.")
    keys = _keys_in(_fetch(conf.SORA_REMIX_JWKS_URL))
    if not keys:
        raise TryLater("fal's keys are not available.")
    cache.set(_name("keys"), keys, KEEP_SECONDS)
    cache.set(_name("gate"), READ, AGAIN_SECONDS)
    return keys


def _name(kind: str) -> str:
    """Return the cache key for this kind of value."""
    digest = hashlib.sha256(conf.SORA_REMIX_JWKS_URL.encode()).hexdigest()
    return f"sora_remix.webhook.{kind}.{digest}"


def _fetch(url: str) -> bytes:
    """Return the key server's document, or nothing after `READ_SECONDS`."""
    answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # A thread, because DNS and slow headers have no time limit in all.
    threading.Thread(target=lambda: answers.put(_answer(url)), daemon=True).start()
    try:
        return answers.get(timeout=READ_SECONDS)
    except queue.Empty:
        logger.warning("Downloading fal's keys from %s took too long", clean(url))
        return b""


def _answer(url: str) -> bytes:
    try:
        if not is_safe_url(url):
            raise ValueError("the URL is neither https nor on this machine")
        return _download(url)
    except Exception as error:  # noqa: BLE001 - the caller waits for an answer in any case
        logger.warning("Could not read fal's keys from %s: %s", clean(url), describe(error))
        return b""


def _download(url: str) -> bytes:
    """Download a small document without decompressing it, so that it stays small."""
    deadline = time.monotonic() + READ_SECONDS
    headers = {"Accept-Encoding": "identity"}
    document = bytearray()
    with httpx.stream("GET", url, headers=headers, timeout=TIMEOUT) as response:
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"HTTP {response.status_code}")
        for chunk in response.iter_raw():
            document += chunk
            if len(document) > MAX_BYTES or time.monotonic() > deadline:
                raise ValueError("the answer is too large or too slow")
    return bytes(document)


def _keys_in(document: bytes) -> list[bytes]:
    """Return the Ed25519 keys of a JWKS (https://www.rfc-editor.org/rfc/rfc8037#section-2)."""
    try:
        key_set = json.loads(document)
    except (ValueError, RecursionError):
        return []
    entries = key_set.get("keys") if isinstance(key_set, dict) else None
    if not isinstance(entries, list):
        return []
    return [key for entry in entries if (key := _key_in(entry))]


def _key_in(entry: object) -> bytes | None:
    if not isinstance(entry, dict) or not isinstance(x := entry.get("x"), str):
        return None
    if entry.get("kty", "OKP") != "OKP" or entry.get("crv", "Ed25519") != "Ed25519":
        return None
    try:
        # fal leaves out the padding, which Python requires.
        key = base64.b64decode(x.rstrip("=") + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
