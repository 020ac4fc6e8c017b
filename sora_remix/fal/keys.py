"""The keys that fal signs webhooks with, read seldom and never waited for long."""

from __future__ import annotations

import base64
import hashlib
import json
import queue
import threading
import time
from ipaddress import ip_address
from urllib.parse import urlsplit

import httpx
from django.core.cache import cache

from ..conf import conf
from ..exceptions import TryLater
from ..logs import get_logger
from .answers import describe
from .cleaning import clean

logger = get_logger(__name__)

KEEP_SECONDS = 24 * 60 * 60
"""How long fal allows its keys to be kept."""
AGAIN_SECONDS = 60
"""How long a reading keeps the next one away, whether it came off or not."""
READ_SECONDS = 6.0
"""How long one reading may take in all."""
TIMEOUT = httpx.Timeout(3)
MAX_BYTES = 64 * 1024
KEY_BYTES = 32
READING, READ = "reading", "read"


def known() -> list[bytes]:
    """Return the keys as they were at most a day ago; none when they were not read yet."""
    keys: list[bytes] = cache.get(_name("keys"), [])
    return keys


def current() -> list[bytes]:
    """Return the keys as they were at most a minute ago.

    Raise `TryLater` when they can't be read, or were tried less than a minute ago by somebody
    who has no answer (yet): whatever the key server does, few wait for it.
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


def is_safe_url(url: str) -> bool:
    """Tell whether a URL is https, or http that does not leave this machine."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        return False
    if parts.scheme == "http":
        return _is_loopback(host)
    return parts.scheme == "https" and host != ""


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False


def _name(kind: str) -> str:
    """Return the name under which the cache keeps this of the key server's."""
    digest = hashlib.sha256(conf.SORA_REMIX_JWKS_URL.encode()).hexdigest()
    return f"sora_remix.webhook.{kind}.{digest}"


def _fetch(url: str) -> bytes:
    """Return what the key server says, or nothing; never take longer than `READ_SECONDS`."""
    answers: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    # A thread, for neither a name server nor headers that trickle in know a limit in all.
    threading.Thread(target=lambda: answers.put(_answer(url)), daemon=True).start()
    try:
        return answers.get(timeout=READ_SECONDS)
    except queue.Empty:
        logger.warning("fal's keys at %s took too long", clean(url))
        return b""


def _answer(url: str) -> bytes:
    try:
        if not is_safe_url(url):
            raise ValueError("neither https nor on this machine")
        return _download(url)
    except Exception as error:  # noqa: BLE001 - somebody waits for an answer, whatever it is
        logger.warning("fal's keys at %s can't be read: %s", clean(url), describe(error))
        return b""


def _download(url: str) -> bytes:
    """Read a small document as it is on the wire, so that none unfolds into a large one."""
    deadline = time.monotonic() + READ_SECONDS
    headers = {"Accept-Encoding": "identity"}
    document = bytearray()
    with httpx.stream("GET", url, headers=headers, timeout=TIMEOUT) as response:
        if response.status_code != httpx.codes.OK:
            raise ValueError(f"HTTP {response.status_code}")
        for chunk in response.iter_raw():
            document += chunk
            if len(document) > MAX_BYTES or time.monotonic() > deadline:
                raise ValueError("too large, or too slow")
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
        # fal leaves the padding out, without which Python refuses to decode.
        key = base64.b64decode(x.rstrip("=") + "=", altchars=b"-_", validate=True)
    except ValueError:
        return None
    return key if len(key) == KEY_BYTES else None
