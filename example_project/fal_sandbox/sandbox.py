"""All parts of the sandbox together."""

import json
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from aiohttp import web

from . import ADMIN_KEY
from .account import Account
from .catalogue import Catalogue
from .downloads import DOWNLOAD_FAULTS
from .fal_queue import Queue, Request, Timing
from .faults import FAULT, HTTP_FAULTS, Call, abort
from .fetching import Fetcher
from .ledger import BILL_FAULTS, Ledger
from .library import Library
from .outcomes import Outcome
from .rules import Rules
from .studio import Studio
from .tokens import Tokens
from .uploads import Uploads
from .webhooks import Postman, Signer

FAULTS = {
    **dict.fromkeys(("submit", "status", "result", "cancel"), HTTP_FAULTS),
    **dict.fromkeys(("list", "models", "pricing", "token", "upload"), HTTP_FAULTS),
    **dict.fromkeys(("billing", "balance"), HTTP_FAULTS),
    **dict.fromkeys(("download", "thumbnail", "spritesheet"), DOWNLOAD_FAULTS),
}
JOB_FAULTS = {
    "fail",
    "output",
    "pad_bytes",
    "claim_seconds",
    "long_id",
    "no_extras",
    "finish_anyway",
}
WEBHOOK_FAULTS = {
    "drop_before",
    "delay",
    "repeat",
    "garbage",
    "bad_signature",
    "stale",
    "wrong_user",
}
FAULT_NAMES = {kind: set(faults) for kind, faults in FAULTS.items()} | {
    "job": JOB_FAULTS,
    "webhook": WEBHOOK_FAULTS,
    "bill": BILL_FAULTS,
}

COUNTED = FAULT_NAMES.keys() - {"job", "bill"} | {"fetch", "fetch_picture"}
"""The kinds of calls that are counted: those that come in, and webhooks and fetches."""
KEPT = ("accepted_at", "answered")
"""Values that a request from before a restart keeps, besides id, endpoint and input."""


class Sandbox:
    """The provider: endpoints, library, uploads, queue, rules and counts."""

    def __init__(
        self,
        state: Path,
        timing: Timing,
        key: str | None = None,
        *,
        list_running: bool = False,
        admin_key: str = ADMIN_KEY,
    ) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.key = key
        self.admin_key = admin_key
        self.list_running = list_running
        self.calls: Counter[str] = Counter()
        self.admin_calls: Counter[str] = Counter()
        self.struck: dict[str, Counter[str]] = {}
        self.account = Account()
        self.rules = Rules()
        self.ledger = Ledger(self.rules)
        self.catalogue = Catalogue()
        self.library = Library(state / "library")
        self.signer = Signer(state / "webhook_key.pem")
        self.tokens = Tokens(state / "upload_key")
        self.uploads = Uploads(state / "uploads")
        self._start_timing = replace(timing)
        log = state / "accepted.jsonl"
        self._earlier = read_log(log)
        self._log = log.open("a", buffering=1, encoding="utf-8")
        self.postman = Postman(self.signer, self.rules, self.calls)
        self.fetcher = Fetcher(state / "sources", timing, self.calls)
        self.studio = Studio(state, self.library, self.fetcher, timing)
        self.queue = Queue(timing, self.studio.run, self._end)

    def accept(self, request: Request) -> None:
        """Log the request and queue it."""
        request.faults = self.rules.take_all("job", f"{request.id} {request.prompt}")
        if (long_id := request.faults.get("long_id")) is not None:
            request.id = request.id.ljust(int(long_id.get("length", 200)), "x")
        self._log.write(json.dumps(accepted_entry(request)) + "\n")
        self.account.count()
        self.queue.accept(request)

    def find(self, request_id: str, base_url: str) -> Request | None:
        """Return a request. One from before a restart is loaded when it is needed."""
        if entry := self._earlier.pop(request_id, None):
            endpoint = self.catalogue[entry["endpoint"]]
            kept = {name: entry[name] for name in KEPT if name in entry}
            request = Request(endpoint, entry["input"], base_url, id=request_id, **kept)
            self.queue.accept(request)
        return self.queue.requests.get(request_id)

    def find_all(self, base_url: str, since: str) -> list[Request]:
        """Return all requests. Load those from before a restart."""
        for request_id, entry in list(self._earlier.items()):
            if entry["accepted_at"] >= since:
                self.find(request_id, base_url)
        return list(self.queue.requests.values())

    def is_admin(self, http: web.Request) -> bool:
        """Tell whether a call has the key of admin scope."""
        return http.headers.get("Authorization", "") == f"Key {self.admin_key}"

    def _end(self, request: Request, outcome: Outcome) -> None:
        self.ledger.charge(request, outcome)
        self.postman.post(request, outcome)

    async def answer(self, call: Call) -> web.StreamResponse:
        """Count the call and answer it, with a fault if a rule applies."""
        self.calls[call.kind] += 1
        self.admin_calls[call.kind] += self.is_admin(call.http)
        rule = self.rules.take(call.kind, call.text)
        if rule is None:
            return call.work()
        call.http[FAULT] = rule.fault
        self.struck.setdefault(call.kind, Counter())[rule.name] += 1
        try:
            return await FAULTS[call.kind][rule.fault](call, rule)
        except ConnectionError:
            return abort(call.http)

    def reset(self) -> None:
        """Reset requests, lists, counts, rules, account and endpoints. Keep all files."""
        self._earlier.clear()
        self.queue.forget()
        self.postman.forget()
        self.studio.owners.clear()
        self.fetcher.urls.clear()
        self.uploads.listed.clear()
        self.rules.clear()
        self.account.reset()
        self.catalogue.reset()
        self.calls.clear()
        self.admin_calls.clear()
        self.ledger.clear()
        self.struck.clear()
        for name, seconds in asdict(self._start_timing).items():
            setattr(self.queue.timing, name, seconds)

    async def close(self) -> None:
        """Stop all work."""
        self.queue.forget()
        self.studio.close()
        await self.postman.close()
        await self.fetcher.close()
        self._log.close()


SANDBOX = web.AppKey("SANDBOX", Sandbox)


def read_log(path: Path) -> dict[str, dict[str, Any]]:
    """Return the entries of an earlier run by request id; a half-written last line is left out."""
    entries = {}
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        entries[entry["request_id"]] = entry
    return entries


def accepted_entry(request: Request) -> dict[str, Any]:
    """Return what the log keeps of an accepted request."""
    return {
        "request_id": request.id,
        "endpoint": request.endpoint.id,
        "input": request.input,
        "accepted_at": request.accepted_at,
        "answered": request.answered,
    }
