"""fal's wire for uploads: a token, one file, a file in parts, and the older storage."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any

from aiohttp import web

from .faults import Call
from .protocol import refuse_key
from .sandbox import SANDBOX, Sandbox
from .uploads import Upload, WrongParts

JSON = dict[str, Any]
MAX_BYTES = 1024**3
CHUNK = 256 * 1024
OF_FILES = "X-Fal-Object-Lifecycle"
OF_STORAGE = "X-Fal-Object-Lifecycle-Preference"


def add_routes(app: web.Application) -> None:
    """Add the routes, which would look like endpoints."""
    parts = "/files/b/{token}/{name}/multipart/{secret}"
    app.router.add_post("/storage/auth/token", token)
    app.router.add_post("/files/upload", upload)
    app.router.add_post("/files/upload/multipart", announce)
    app.router.add_put(parts + r"/{part:\d+}", part)
    app.router.add_post(parts + "/complete", complete)
    app.router.add_post("/storage/upload/initiate", initiate)
    app.router.add_put("/storage/upload/{token}/{secret}", put)


async def token(http: web.Request) -> web.StreamResponse:
    """Give a token for uploads to who has a key."""
    sandbox = http.app[SANDBOX]

    def work() -> web.Response:
        if refusal := refuse_key(sandbox, http, spends=True):
            return refusal
        if http.query.get("storage_type") != "fal-cdn-v3":
            return _error(400, "Unknown storage type")
        ends = time.time() + sandbox.queue.timing.token_seconds
        body = {
            "token": sandbox.tokens.make(ends),
            "token_type": "Bearer",
            "base_url": f"https://{http.host}",
            "expires_at": datetime.fromtimestamp(ends, UTC).isoformat(),
        }
        return web.json_response(body)

    return await sandbox.answer(Call(http, "token", http.path_qs, work))


async def upload(http: web.Request) -> web.StreamResponse:
    """Take a whole file."""
    sandbox = http.app[SANDBOX]

    def deliver(draft: Path) -> web.Response:
        new = _announced(sandbox, http)
        sandbox.uploads.deliver(new, draft)
        return web.json_response({"access_url": new.url})

    return await _take(http, lambda: _refuse_token(sandbox, http), deliver)


async def announce(http: web.Request) -> web.StreamResponse:
    """Start a file in parts."""
    sandbox = http.app[SANDBOX]

    def work() -> web.Response:
        if refusal := _refuse_token(sandbox, http):
            return refusal
        new = _announced(sandbox, http)
        return web.json_response({"access_url": new.url, "uploadId": new.secret})

    return await sandbox.answer(Call(http, "upload", _text(http), work))


async def part(http: web.Request) -> web.StreamResponse:
    """Take one part and name it by its ETag."""
    sandbox = http.app[SANDBOX]

    def deliver(draft: Path) -> web.Response:
        number = int(http.match_info["part"])
        etag = sandbox.uploads.deliver_part(_known(sandbox, http), number, draft)
        return web.Response(headers={"ETag": etag})

    return await _take(http, lambda: _refuse_token(sandbox, http), deliver)


async def complete(http: web.Request) -> web.StreamResponse:
    """Put the parts together."""
    sandbox, raw = http.app[SANDBOX], await http.read()

    def work() -> web.Response:
        if refusal := _refuse_token(sandbox, http):
            return refusal
        try:
            parts = [(int(one["partNumber"]), one["etag"]) for one in json.loads(raw)["parts"]]
            sandbox.uploads.complete(_known(sandbox, http), parts)
        except (ValueError, KeyError, TypeError, WrongParts) as error:
            return _error(400, f"Wrong parts: {error}")
        return web.json_response({})

    return await sandbox.answer(Call(http, "upload", _text(http), work))


async def initiate(http: web.Request) -> web.StreamResponse:
    """Say where to put a file in the older storage."""
    sandbox, raw = http.app[SANDBOX], await http.read()

    def work() -> web.Response:
        if refusal := refuse_key(sandbox, http):
            return refusal
        try:
            body = json.loads(raw)
            name, content_type = _plain(body["file_name"]), str(body["content_type"])
        except (ValueError, KeyError, TypeError):
            return _error(422, "file_name and content_type are required")
        new = Upload(_base_url(http), name, content_type, _lifetime(http, OF_STORAGE))
        sandbox.uploads.announce(new)
        place = f"{new.base_url}/storage/upload/{new.token}/{new.secret}"
        return web.json_response({"upload_url": place, "file_url": new.url})

    return await sandbox.answer(Call(http, "upload", _text(http), work))


async def put(http: web.Request) -> web.StreamResponse:
    """Take the file whose place was asked for; the URL is the permission."""
    sandbox = http.app[SANDBOX]

    def deliver(draft: Path) -> web.Response:
        sandbox.uploads.deliver(_known(sandbox, http), draft)
        return web.Response()

    return await _take(http, lambda: None, deliver)


async def _take(
    http: web.Request,
    refuse: Callable[[], web.Response | None],
    deliver: Callable[[Path], web.Response],
) -> web.StreamResponse:
    """Write the body to disk piece by piece, then answer."""
    sandbox = http.app[SANDBOX]
    with sandbox.uploads.draft() as draft:
        size = 0
        with draft.open("wb") as file:
            async for chunk in http.content.iter_chunked(CHUNK):
                size += len(chunk)
                if size > MAX_BYTES:
                    raise web.HTTPRequestEntityTooLarge(MAX_BYTES, size)
                file.write(chunk)
        call = Call(http, "upload", _text(http), lambda: refuse() or deliver(draft))
        return await sandbox.answer(call)


def _announced(sandbox: Sandbox, http: web.Request) -> Upload:
    name = _plain(http.headers.get("X-Fal-File-Name", ""))
    content_type = http.headers.get("Content-Type", "application/octet-stream")
    new = Upload(_base_url(http), name, content_type, _lifetime(http, OF_FILES))
    sandbox.uploads.announce(new)
    return new


def _known(sandbox: Sandbox, http: web.Request) -> Upload:
    known = sandbox.uploads.find(http.match_info["token"])
    if known is None or known.secret != http.match_info["secret"]:
        raise web.HTTPNotFound
    return known


def _refuse_token(sandbox: Sandbox, http: web.Request) -> web.Response | None:
    scheme, _, given = http.headers.get("Authorization", "").partition(" ")
    if scheme == "Bearer" and sandbox.tokens.is_good(given):
        return None
    return _error(401, "The token is missing, wrong or has expired")


def _lifetime(http: web.Request, header: str) -> float | None:
    """Return after how many seconds the file goes; as with fal, 0 is for ever."""
    try:
        seconds = json.loads(http.headers.get(header, "{}")).get("expiration_duration_seconds")
        return float(seconds) if seconds else None
    except (ValueError, TypeError, AttributeError):
        raise web.HTTPBadRequest(text=f"{header} can not be read") from None


def _plain(name: str) -> str:
    return PurePosixPath(name).name or "upload.bin"


def _base_url(http: web.Request) -> str:
    return f"https://{http.host}"


def _text(http: web.Request) -> str:
    return f"{http.path_qs} {http.headers.get('X-Fal-File-Name', '')}"


def _error(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
