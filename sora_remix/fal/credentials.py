"""Find the API keys, and keep them out of logs and error reports."""

from __future__ import annotations

import os
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Generator
from typing import TypeVar

import httpx
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext
from fal_client.auth import MissingCredentialsError, fetch_auth_credentials_async

from ..conf import conf

KEYS_URL = "https://fal.ai/dashboard/keys"
KEY_VARIABLES = ("FAL_KEY", "FAL_KEY_ID")
DIGEST_SALT = "sora_remix.fal.key"
ADMIN_VARIABLE = "FAL_ADMIN_KEY"
SHORTEST_SECRET = 6
"""Characters. Hiding anything shorter would blank out ordinary words."""
_used: deque[str] = deque(maxlen=20)
"""Secrets that were used to sign requests, the latest last."""

Error = TypeVar("Error", bound=BaseException)


class Credentials(httpx.Auth):
    """Sign requests with a key whose repr hides it, because error reports print variables."""

    def __init__(self, value: str) -> None:
        self._value = value.strip()
        _note_used(self._value.partition(" ")[2])

    def __repr__(self) -> str:
        return "<Credentials>"

    @property
    def is_sendable(self) -> bool:
        """Tell whether the value can be put into a header."""
        return self._value.isascii() and self._value.isprintable()

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Sign a request."""
        request.headers["Authorization"] = self._value
        yield request


class CurrentCredentials(httpx.Auth):
    """Sign each request with the key that is set when the request is sent."""

    async def async_auth_flow(
        self, request: httpx.Request
    ) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Sign a request. Raise what `credentials` raises."""
        for signed in (await credentials()).auth_flow(request):
            yield signed


def is_key_set() -> bool:
    """Tell whether this process has a key in the settings or the environment, valid or not."""
    return bool(conf.SORA_REMIX_FAL_KEY) or any(map(os.environ.get, KEY_VARIABLES))


def key_digest() -> str:
    """Return a text by which this process recognises its key later, empty without one.

    It depends on the site's SECRET_KEY, so nobody else can check guesses of the key against it.
    A key that only fal-client finds is not read, because that may use the network.
    """
    pair = f"{os.environ.get('FAL_KEY_ID', '')}:{os.environ.get('FAL_KEY_SECRET', '')}"
    key = str(conf.SORA_REMIX_FAL_KEY or os.environ.get("FAL_KEY", "") or pair.strip(":")).strip()
    return salted_hmac(DIGEST_SALT, key, algorithm="sha256").hexdigest() if key else ""


def is_admin_key_set() -> bool:
    """Tell whether this process has a key of admin scope, valid or not."""
    return bool(_admin_key())


def is_admin_key_sendable() -> bool:
    """Tell whether the key of admin scope can be put into a header as one word."""
    key = _admin_key()
    return key.isascii() and key.isprintable() and len(key.split()) == 1


def is_admin_key_shared() -> bool:
    """Tell whether the key for all other calls is the key of admin scope, too."""
    ordinary = str(conf.SORA_REMIX_FAL_KEY or os.environ.get("FAL_KEY") or "").strip()
    return is_admin_key_set() and ordinary == _admin_key()


def admin_credentials() -> Credentials:
    """Return the site's key of admin scope. Raise `MissingCredentialsError` without a valid one."""
    if not is_admin_key_sendable():
        raise MissingCredentialsError(gettext("There is no valid key of admin scope."))
    return Credentials(f"Key {_admin_key()}")


async def credentials() -> Credentials:
    """Return the site's key.

    Raise `MissingCredentialsError` if there is no valid key, and `httpx.HTTPError` or `OSError` if
    it can't be read right now.
    """
    found = Credentials(await _header_value())
    if not found.is_sendable:
        raise MissingCredentialsError(gettext("The key contains characters that no fal key has."))
    return found


def secrets() -> list[str]:
    """List all secrets that no text may show, the longest first."""
    pair = f"{os.environ.get('FAL_KEY_ID', '')}:{os.environ.get('FAL_KEY_SECRET', '')}"
    settings = {str(conf.SORA_REMIX_FAL_KEY or ""), str(conf.SORA_REMIX_FAL_ADMIN_KEY or "")}
    variables = {os.environ.get(name, "") for name in ("FAL_KEY", ADMIN_VARIABLE)}
    whole = {*settings, *variables, pair, *_used}
    halves = {key.partition(":")[2] for key in whole}
    found = {key.strip() for key in whole | halves}
    return sorted((key for key in found if len(key) >= SHORTEST_SECRET), key=len, reverse=True)


def without_origin(error: Error) -> Error:
    """Remove the frames from an error, because the key is in their variables."""
    if isinstance(error, Exception) and not isinstance(error, httpx.HTTPError):
        error.add_note("".join(traceback.format_tb(error.__traceback__)))
    error.__cause__ = error.__context__ = None
    return error.with_traceback(None)


def _admin_key() -> str:
    return str(conf.SORA_REMIX_FAL_ADMIN_KEY or os.environ.get(ADMIN_VARIABLE) or "").strip()


async def _header_value() -> str:
    if key := str(conf.SORA_REMIX_FAL_KEY or "").strip():
        return f"Key {key}"
    failure: Exception
    try:
        return (await fetch_auth_credentials_async()).header_value
    except (httpx.HTTPError, OSError, MissingCredentialsError) as error:
        failure = without_origin(error)
    except Exception as error:  # noqa: BLE001 - a foreign file can cause any error
        failure = MissingCredentialsError(f"{type(error).__name__}: {error}")
    raise failure


def _note_used(secret: str) -> None:
    if secret in _used:
        _used.remove(secret)
    _used.append(secret)
