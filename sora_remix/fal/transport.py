"""The HTTP client for all calls to fal: it bounds answers, and keeps the key out of errors."""

from __future__ import annotations

import zlib
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import Any

import httpx

from .cleaning import without_keys
from .credentials import without_origin

MIB = 1024**2
ENCODINGS = {"gzip", "x-gzip", "deflate"}
CHANGED_HEADERS = {b"content-encoding", b"content-length", b"transfer-encoding"}
"""Headers that are about the body as it was on the wire."""


class BoundedClient(httpx.AsyncClient):
    """Read every answer whole, up to a number of bytes after unpacking.

    It is a subclass and no transport of its own: with `transport=`, httpx would no longer use the
    proxies of the environment.
    """

    def __init__(self, most_bytes: int, headers: dict[str, str] | None = None, **options: Any):
        plain = {**(headers or {}), "Accept-Encoding": "identity"}
        super().__init__(headers=plain, cookies=_no_cookies(), **options)
        self.most_bytes = most_bytes

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request and return its answer as it reads without any encoding.

        Raise `httpx.DecodingError` for an answer that is too large or can't be unpacked. No error
        leads to frames that hold the request as it was sent.
        """
        try:
            response = await super().send(request, **{**options, "stream": True})
            try:
                body = await _body(response, self.most_bytes)
            finally:
                await response.aclose()
            return _plain(response, body)
        except BaseException as error:  # noqa: BLE001 - it is raised again
            raise without_origin(error) from None


def _no_cookies() -> CookieJar:
    """Return a jar that takes no cookie: a broken one would spoil all later requests."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


async def _body(response: httpx.Response, most: int) -> bytes:
    """Read a body, and stop as soon as it is larger than that, packed or unpacked."""
    if response.is_stream_consumed:  # as transports hand it out that make answers themselves
        _check_size(response, most, len(response.content))
        return response.content
    unpacker = _unpacker(response)
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        body += _unpacked(response, unpacker, chunk, most + 1 - len(body)) if unpacker else chunk
        _check_size(response, most, max(received, len(body)))
    if unpacker and received and not unpacker.eof:
        raise _refusal(response, "The packed answer is not complete.")
    return bytes(body)


def _unpacker(response: httpx.Response) -> zlib._Decompress | None:
    """Return what unpacks the body; None when there is nothing to unpack."""
    named = response.headers.get("content-encoding", "").lower().split(",")
    encodings = [name.strip() for name in named if name.strip() not in ("", "identity")]
    if not encodings:
        return None
    if len(encodings) > 1 or encodings[0] not in ENCODINGS:
        raise _refusal(response, "The answer has an encoding that was not asked for.")
    return zlib.decompressobj(zlib.MAX_WBITS | 32)  # 32: gzip and zlib by their headers


def _unpacked(
    response: httpx.Response, unpacker: zlib._Decompress, chunk: bytes, most: int
) -> bytes:
    try:
        return unpacker.decompress(chunk, most)
    except zlib.error as error:
        raise _refusal(response, str(error)) from None


def _check_size(response: httpx.Response, most: int, size: int) -> None:
    if size > most:
        raise _refusal(response, f"The answer has more than {most} bytes.")


def _refusal(response: httpx.Response, text: str) -> httpx.DecodingError:
    return httpx.DecodingError(text, request=response.request)


def _plain(response: httpx.Response, body: bytes) -> httpx.Response:
    """Return the answer with a body that needs no unpacking, and whose text is UTF-8."""
    headers = [one for one in response.headers.raw if one[0].lower() not in CHANGED_HEADERS]
    if not response.is_success:  # fal-client logs such an answer, and keeps it in its errors
        body = _without_keys(body, "utf-8")
        headers = [(name, _without_keys(value, "latin-1")) for name, value in headers]
    kept = response.extensions.keys() & {"http_version", "reason_phrase"}
    plain = httpx.Response(
        response.status_code,
        headers=headers,
        content=body,
        request=response.request,
        extensions={name: response.extensions[name] for name in kept},
    )
    # Whatever a header names: Python has codecs that are no charsets, and some that unpack.
    plain.encoding = "utf-8"
    return plain


def _without_keys(raw: bytes, encoding: str) -> bytes:
    return without_keys(raw.decode(encoding, "replace")).encode(encoding, "replace")
