"""All parts of the sandbox together."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from aiohttp import web

from .downloads import DOWNLOAD_FAULTS
from .fal_queue import Queue, Request, Timing
from .faults import HTTP_FAULTS, Call, abort
from .library import Library
from .rules import Rules
from .studio import Studio
from .webhooks import Postman, Signer

FAULTS = {
    **dict.fromkeys(("submit", "status", "result", "cancel"), HTTP_FAULTS),
    **dict.fromkeys(("download", "thumbnail", "spritesheet"), DOWNLOAD_FAULTS),
}
JOB_FAULTS = {"fail", "output", "pad_bytes", "no_extras", "finish_anyway"}
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
}


class Sandbox:
    """The provider: its library, its queue, its rules and its counts."""

    def __init__(self, state: Path, timing: Timing, key: str | None = None) -> None:
        state.mkdir(parents=True, exist_ok=True)
        self.key = key
        self.calls: Counter[str] = Counter()
        self.rules = Rules()
        self.library = Library(state / "library")
        self.signer = Signer(state / "webhook_key.pem")
        self._start_timing = replace(timing)
        self._log = (state / "accepted.jsonl").open("a", buffering=1, encoding="utf-8")
        self.postman = Postman(self.signer, self.rules, self.calls)
        self.studio = Studio(state, self.library, timing)
        self.queue = Queue(timing, self.studio.run, self.postman.post)

    def accept(self, request: Request) -> None:
        """Log the request and let it wait its turn."""
        request.faults = self.rules.take_all("job", f"{request.id} {request.prompt}")
        self._log.write(json.dumps(accepted_entry(request)) + "\n")
        self.queue.accept(request)

    async def answer(self, call: Call) -> web.StreamResponse:
        """Count the call and answer it, badly if a rule says so."""
        self.calls[call.kind] += 1
        rule = self.rules.take(call.kind, call.text)
        if rule is None:
            return call.work()
        try:
            return await FAULTS[call.kind][rule.fault](call, rule)
        except ConnectionError:
            return abort(call.http)

    def reset(self) -> None:
        """Forget requests, counts and rules; keep the library and all files."""
        self.queue.forget()
        self.postman.forget()
        self.studio.owners.clear()
        self.rules.clear()
        self.calls.clear()
        self.queue.timing.queue_seconds = self._start_timing.queue_seconds
        self.queue.timing.run_seconds = self._start_timing.run_seconds

    async def close(self) -> None:
        """Stop all work."""
        self.queue.forget()
        self.studio.close()
        await self.postman.close()
        self._log.close()


SANDBOX = web.AppKey("SANDBOX", Sandbox)


def accepted_entry(request: Request) -> dict[str, Any]:
    """Return what the log keeps of an accepted request."""
    return {
        "request_id": request.id,
        "endpoint": request.endpoint.id,
        "input": request.input,
        "accepted_at": request.accepted_at,
    }
