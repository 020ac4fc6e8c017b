"""The control API, with which tests and the demo control the sandbox."""

import secrets
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from datetime import datetime
from decimal import Decimal

from aiohttp import web

from .ledger import Charge, total_of
from .rules import Rule
from .sandbox import COUNTED, FAULT_NAMES, SANDBOX, accepted_entry

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def add_routes(app: web.Application) -> None:
    """Add the routes under `/_sandbox/`."""
    app.router.add_get("/_sandbox/accepted", accepted)
    app.router.add_get("/_sandbox/calls", calls)
    app.router.add_get("/_sandbox/admin_calls", admin_calls)
    app.router.add_get("/_sandbox/ledger", ledger)
    app.router.add_post("/_sandbox/ledger", charge)
    app.router.add_put("/_sandbox/ledger/clock", clock)
    app.router.add_put("/_sandbox/ledger/funds", funds)
    app.router.add_get("/_sandbox/fetched", fetched)
    app.router.add_get("/_sandbox/uploads", uploads)
    app.router.add_delete("/_sandbox/uploads", expire_uploads)
    app.router.add_get("/_sandbox/struck", struck)
    app.router.add_post("/_sandbox/reset", reset)
    app.router.add_put("/_sandbox/timing", timing)
    app.router.add_get("/_sandbox/rules", rules)
    app.router.add_post("/_sandbox/rules", misbehave)
    app.router.add_delete("/_sandbox/rules", behave)
    app.router.add_put("/_sandbox/account", account)
    app.router.add_put("/_sandbox/endpoints/{id:.+}", endpoint)
    app.router.add_put("/_sandbox/library/{id}", add_video)
    app.router.add_delete("/_sandbox/library/{id}", remove_video)


async def accepted(http: web.Request) -> web.Response:
    """List the requests that were accepted since the start or the last reset."""
    requests = http.app[SANDBOX].queue.requests.values()
    entries = [
        accepted_entry(request)
        | {
            "answered_at": request.answered_at,
            "status": request.status,
            "webhook": request.webhook,
            "headers": request.headers,
        }
        for request in requests
    ]
    return web.json_response(entries)


async def calls(http: web.Request) -> web.Response:
    """Count the calls by kind."""
    counts = http.app[SANDBOX].calls
    return web.json_response(dict.fromkeys(COUNTED, 0) | counts)


async def admin_calls(http: web.Request) -> web.Response:
    """Count the calls that had the key of admin scope, by kind."""
    counts = http.app[SANDBOX].admin_calls
    return web.json_response({kind: many for kind, many in counts.items() if many})


async def ledger(http: web.Request) -> web.Response:
    """Return what was charged: in all, as far as it is listed by now, and by request."""
    ledger = http.app[SANDBOX].ledger
    by_request: dict[str, list[str]] = {}
    for one in ledger.charges:
        by_request.setdefault(one.request_id, []).append(str(one.total))
    listed = str(total_of(ledger.listed))
    return web.json_response({"total": str(ledger.total), "listed": listed, "charges": by_request})


async def charge(http: web.Request) -> web.Response:
    """Add charges to the ledger as they are."""
    http.app[SANDBOX].ledger.charges += map(Charge.from_json, await http.json())
    return web.Response(status=204)


async def clock(http: web.Request) -> web.Response:
    """Set the time of the ledger."""
    http.app[SANDBOX].ledger.set_clock(datetime.fromisoformat((await http.json())["now"]))
    return web.Response(status=204)


async def funds(http: web.Request) -> web.Response:
    """Set the money that the account had before all charges."""
    body, ledger = await http.json(), http.app[SANDBOX].ledger
    ledger.funds, ledger.currency = Decimal(body["amount"]), body["currency"]
    return web.Response(status=204)


async def fetched(http: web.Request) -> web.Response:
    """List the URLs that were fetched, oldest first."""
    return web.json_response(http.app[SANDBOX].fetcher.urls)


async def uploads(http: web.Request) -> web.Response:
    """List the files that were uploaded since the last reset, oldest first."""
    return web.json_response(http.app[SANDBOX].uploads.listed)


async def expire_uploads(http: web.Request) -> web.Response:
    """Expire all uploaded files."""
    http.app[SANDBOX].uploads.expire()
    return web.Response(status=204)


async def struck(http: web.Request) -> web.Response:
    """Count the HTTP calls that a rule affected, by kind and fault."""
    return web.json_response(http.app[SANDBOX].struck)


async def reset(http: web.Request) -> web.Response:
    """Reset everything except the library."""
    http.app[SANDBOX].reset()
    return web.Response(status=204)


async def timing(http: web.Request) -> web.Response:
    """Change the durations from now on."""
    timing, body = http.app[SANDBOX].queue.timing, await http.json()
    for name, seconds in asdict(timing).items():
        setattr(timing, name, float(body.get(name, seconds)))
    return web.Response(status=204)


async def rules(http: web.Request) -> web.Response:
    """List the rules with their remaining uses."""
    return web.json_response(http.app[SANDBOX].rules.as_json())


async def misbehave(http: web.Request) -> web.Response:
    """Add one rule, or a list of rules."""
    body = await http.json()
    for entry in body if isinstance(body, list) else [body]:
        if entry.get("fault") not in FAULT_NAMES.get(entry.get("on"), ()):
            raise web.HTTPBadRequest(text=f"There is no such rule: {entry}")
        http.app[SANDBOX].rules.add(Rule.from_json(entry))
    return web.Response(status=204)


async def behave(http: web.Request) -> web.Response:
    """Delete all rules."""
    http.app[SANDBOX].rules.clear()
    return web.Response(status=204)


async def account(http: web.Request) -> web.Response:
    """Lock the account or revoke its key, after some more requests; or end both."""
    account, body = http.app[SANDBOX].account, await http.json()
    account.reset()
    account.lock = str(body.get("lock", ""))
    account.is_key_revoked = bool(body.get("is_key_revoked"))
    account.after = int(body.get("after", 0))
    return web.Response(status=204)


async def endpoint(http: web.Request) -> web.Response:
    """Change an endpoint until the next reset."""
    try:
        http.app[SANDBOX].catalogue.change(http.match_info["id"], await http.json())
    except KeyError as error:
        raise web.HTTPBadRequest(text=f"There is no {error} to change.") from error
    return web.Response(status=204)


async def add_video(http: web.Request) -> web.Response:
    """Add the body to the library under the video id."""
    path = http.app[SANDBOX].library.path(http.match_info["id"])
    if path is None:
        raise web.HTTPBadRequest(text="A video id has letters, digits, - and _ only.")
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with draft.open("wb") as file:
        async for chunk in http.content.iter_chunked(256 * 1024):
            file.write(chunk)
    draft.replace(path)
    return web.Response(status=204)


async def remove_video(http: web.Request) -> web.Response:
    """Delete the video at the provider."""
    path = http.app[SANDBOX].library.find(http.match_info["id"])
    if path is None:
        raise web.HTTPNotFound
    path.unlink()
    return web.Response(status=204)
