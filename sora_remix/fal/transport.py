"""The HTTP client for all calls to fal. It limits answers and keeps the key out of errors."""

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
"""Headers that describe the body before decoding."""


class BoundedClient(httpx.AsyncClient):
    """Read each answer completely, up to a number of decoded bytes.

    It is a subclass because httpx ignores the environment's proxies when it gets a `transport=`.
    """

    def __init__(self, most_bytes: int, headers: dict[str, str] | None = None, **options: Any):
        plain = {**(headers or {}), "Accept-Encoding": "identity"}
        super().__init__(headers=plain, cookies=_no_cookies(), **options)
        self.most_bytes = most_bytes

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request and return its decoded answer.

        Raise `httpx.DecodingError` for an answer that is too large or can't be decoded. No error
        leads to frames that contain the signed request.
        """
        try:
            response = await super().send(request, **{**options, "stream": True})
            try:
                body = await _body(response, self.most_bytes)
            finally:
                await response.aclose()
            return _plain(response, body)
        except BaseException as error:  # noqa: BLE001 - it is re-raised
            raise without_origin(error) from None


def _no_cookies() -> CookieJar:
    """Return a jar that accepts no cookies, because a broken one would break later requests."""
    return CookieJar(DefaultCookiePolicy(allowed_domains=[]))


async def _body(response: httpx.Response, most: int) -> bytes:
    """Read a body. Stop as soon as it is too large, before or after decoding."""
    if response.is_stream_consumed:  # e.g. from a mock transport
        _check_size(response, most, len(response.content))
        return response.content
    unpacker = _unpacker(response)
    body, received = bytearray(), 0
    async for chunk in response.aiter_raw():
        received += len(chunk)
        body += _unpacked(response, unpacker, chunk, most + 1 - len(body)) if unpacker else chunk
        _check_size(response, most, max(received, len(body)))
    if unpacker and received and not unpacker.eof:
        raise _refusal(response, "The compressed answer is incomplete.")
    return bytes(body)


def _unpacker(response: httpx.Response) -> zlib._Decompress | None:
    """Return the decompressor for the body, or None if it is not compressed."""
    named = response.headers.get("content-encoding", "").lower().split(",")
    encodings = [name.strip() for name in named if name.strip() not in ("", "identity")]
    if not encodings:
        return None
    if len(encodings) > 1 or encodings[0] not in ENCODINGS:
        raise _refusal(response, "The answer has an encoding that was not requested.")
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
    """Return the answer with a decoded body, whose text is UTF-8."""
    headers = [one for one in response.headers.raw if one[0].lower() not in CHANGED_HEADERS]
    if not response.is_success:  # fal-client logs it and keeps it in its errors
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
    # Not the header's charset: some of Python's codecs decompress.
    plain.encoding = "utf-8"
    return plain


def _without_keys(raw: bytes, encoding: str) -> bytes:
    return without_keys(raw.decode(encoding, "replace")).encode(encoding, "replace")
