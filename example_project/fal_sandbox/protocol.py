"""fal's HTTP surface: submit, status, result, cancel, media, webhook keys."""

import json
from collections.abc import Callable
from typing import Any

from aiohttp import web

from .downloads import file_response
from .endpoints import Endpoint
from .fal_queue import START_TIMEOUT, Request, now
from .faults import FAULT, LOST_ANSWER, Call
from .fetching import is_own
from .outputs import CONTENT_TYPES, VIDEO
from .sandbox import SANDBOX, Sandbox

JSON = dict[str, Any]
Work = Callable[[Request, Sandbox], web.Response]
NOT_FOUND = {"status": "NOT_FOUND"}
NO_JSON = object()
RECORDED = ("x-app-fal-disable-fallback", "x-fal-no-retry", START_TIMEOUT)
"""Headers of a submit that say how fal may run it. Nothing is retried or replaced here anyway."""
REQUEST = "fal_sandbox.request"
"""Key of an HTTP request for the accepted request."""


def add_routes(app: web.Application) -> None:
    """Add the routes. Owner and app come before `requests`, as in fal's URLs."""
    request = "/{owner}/{app}/requests/{id}"
    app.router.add_get(request + "/status", status)
    app.router.add_put(request + "/cancel", cancel)
    app.router.add_get(request, result)
    app.router.add_get("/files/b/{token}/{name}", download)
    app.router.add_get("/.well-known/jwks.json", key_set)
    app.router.add_post("/{endpoint:.+}", submit)


async def submit(http: web.Request) -> web.StreamResponse:
    """Accept a request, or report what is wrong with it."""
    sandbox = http.app[SANDBOX]
    raw = await http.read()
    body = _read_json(raw)
    prompt = body.get("prompt") if isinstance(body, dict) else ""

    def work() -> web.Response:
        return refuse_key(sandbox, http, spends=True) or _accept(sandbox, http, body)

    text = f"{http.path} {raw.decode(errors='replace')} {prompt}"
    response = await sandbox.answer(Call(http, "submit", text, work))
    if (request := http.get(REQUEST)) and request.answered:
        request.answered_at = now()
    return response


async def status(http: web.Request) -> web.StreamResponse:
    """Return the request's status, with 202 until it is completed."""

    def work(request: Request, sandbox: Sandbox) -> web.Response:
        body = _status_body(request, sandbox)
        if http.query.get("logs") in ("1", "true"):
            body["logs"] = _logs(request)
        return web.json_response(body, status=200 if request.outcome else 202)

    return await _about_request(http, "status", work)


async def result(http: web.Request) -> web.StreamResponse:
    """Give the model's own answer."""

    def work(request: Request, sandbox: Sandbox) -> web.Response:
        outcome, headers = request.outcome, {"x-fal-request-id": request.id}
        if outcome is None:
            body = {"detail": "Request is still in progress"}
            return web.json_response(body, status=400, headers=headers)
        headers |= outcome.headers
        return web.json_response(outcome.body, status=outcome.http_status, headers=headers)

    return await _about_request(http, "result", work)


async def cancel(http: web.Request) -> web.StreamResponse:
    """Remove the request from the queue, or ask the runner to stop."""

    def work(request: Request, sandbox: Sandbox) -> web.Response:
        if request.outcome:
            return web.json_response({"status": "ALREADY_COMPLETED"}, status=400)
        sandbox.queue.cancel(request)
        return web.json_response({"status": "CANCELLATION_REQUESTED"}, status=202)

    return await _about_request(http, "cancel", work)


async def download(http: web.Request) -> web.StreamResponse:
    """Serve a result or an upload to anyone who knows its URL."""
    sandbox = http.app[SANDBOX]
    token, name = http.match_info["token"], http.match_info["name"]
    if uploaded := sandbox.uploads.open(token, name):
        return web.FileResponse(uploaded[0], headers={"Content-Type": uploaded[1]})
    path = sandbox.studio.files / token / name
    if name not in CONTENT_TYPES or not path.is_file():
        raise web.HTTPNotFound
    if is_own(http):
        return file_response(path)
    owner = sandbox.studio.owners.get(token)
    text = f"{http.path} {owner.id} {owner.prompt}" if owner else http.path
    kind = "download" if name == VIDEO else name.partition(".")[0]
    return await sandbox.answer(Call(http, kind, text, lambda: file_response(path), path))


async def key_set(http: web.Request) -> web.Response:
    """Publish the key that webhooks are signed with."""
    return web.json_response(http.app[SANDBOX].signer.key_set())


def refuse_key(sandbox: Sandbox, http: web.Request, *, spends: bool = False) -> web.Response | None:
    """Return fal's 401 unless the call has a valid key, or what its account is refused."""
    scheme, _, key = http.headers.get("Authorization", "").partition(" ")
    if scheme != "Key" or not key:
        text = "Authentication is required to access this application."
    elif key.startswith("bad") or (sandbox.key and key not in (sandbox.key, sandbox.admin_key)):
        text = "No user found for this key: invalid key credentials"
    else:
        return sandbox.account.refuse(spends=spends)
    return web.json_response({"detail": text}, status=401)


def _read_json(raw: bytes) -> object:
    try:
        return json.loads(raw)
    except ValueError:
        return NO_JSON


def _accept(sandbox: Sandbox, http: web.Request, body: object) -> web.Response:
    endpoint = sandbox.catalogue.living().get(http.match_info["endpoint"])
    if endpoint is None:
        return _unknown_endpoint(sandbox, http.match_info["endpoint"])
    if endpoint.retired:
        return _retired_endpoint(endpoint)
    if body is NO_JSON:
        complaint = {"loc": ["body"], "msg": "JSON decode error", "type": "json_invalid"}
        return web.json_response({"detail": [complaint]}, status=422)
    complaints = endpoint.complaints(body)
    if complaints or not isinstance(body, dict):
        return web.json_response({"detail": complaints}, status=422)
    longest = http.query.get("fal_max_queue_length", "")
    if longest.isdigit() and sandbox.queue.length > int(longest):
        return web.json_response({"detail": "The queue is too long"}, status=429)
    base_url, webhook = f"https://{http.host}", http.query.get("fal_webhook")
    answered = http.get(FAULT) not in LOST_ANSWER
    headers = {name: http.headers[name] for name in RECORDED if name in http.headers}
    request = Request(endpoint, body, base_url, webhook, answered=answered, headers=headers)
    sandbox.accept(request)
    http[REQUEST] = request
    return web.json_response(_receipt(request, sandbox))


def _unknown_endpoint(sandbox: Sandbox, endpoint_id: str) -> web.Response:
    owner_app = "/".join(endpoint_id.split("/")[:2])
    text = f'Application "{owner_app.rpartition("/")[2]}" not found'
    if sandbox.catalogue.has_app(owner_app):
        text = "Path not found"
    return web.json_response({"detail": text}, status=404)


def _retired_endpoint(endpoint: Endpoint) -> web.Response:
    text = "This endpoint is no longer supported. Please use the updated endpoint."
    detail = {"error": endpoint.retired, "message": text}
    return web.json_response({"detail": detail}, status=400)


def _receipt(request: Request, sandbox: Sandbox) -> JSON:
    return {
        "status": "IN_QUEUE",
        "request_id": request.id,
        "response_url": request.url,
        "status_url": f"{request.url}/status",
        "cancel_url": f"{request.url}/cancel",
        "queue_position": sandbox.queue.position(request),
    }


def _status_body(request: Request, sandbox: Sandbox) -> JSON:
    body: JSON = {"status": request.status, "request_id": request.id}
    body |= {"response_url": request.url, "logs": None}
    if request.status == "IN_QUEUE":
        body["queue_position"] = sandbox.queue.position(request)
    if outcome := request.outcome:
        body["metrics"] = {"inference_time": request.inference_time}
        if outcome.error:
            body["error"] = outcome.error
        if outcome.error_type:
            body["error_type"] = outcome.error_type
    return body


def _logs(request: Request) -> list[JSON]:
    line = {"timestamp": request.accepted_at, "level": "INFO", "source": "USER"}
    return [line | {"message": f"sandbox: {request.status}"}]


async def _about_request(http: web.Request, kind: str, work: Work) -> web.StreamResponse:
    sandbox = http.app[SANDBOX]
    owner, app, request_id = http.match_info.values()
    request = sandbox.find(request_id, f"https://{http.host}")
    if request is not None and request.endpoint.app != f"{owner}/{app}":
        request = None

    def answer() -> web.Response:
        if refusal := refuse_key(sandbox, http):
            return refusal
        if request is None:
            return web.json_response(NOT_FOUND, status=404)
        return work(request, sandbox)

    text = f"{http.path} {request.prompt}" if request else http.path
    return await sandbox.answer(Call(http, kind, text, answer))
