"""The life of requests: queued, running, completed."""

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .endpoints import Endpoint
from .outcomes import Outcome, broken_run, cancelled, not_started

logger = logging.getLogger(__name__)

START_TIMEOUT = "x-fal-request-timeout"
"""Header with the seconds within which a request must start."""


def now() -> str:
    """Return the time as text in UTC, which sorts correctly."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@dataclass
class Timing:
    """How long requests wait and run."""

    queue_seconds: float
    run_seconds: float
    list_lag_seconds: float = 0.0
    """How long after its end a request shows as ended in the request list."""
    fetch_seconds: float = 30.0
    """How long a source may take to arrive."""
    token_seconds: float = 3600.0
    """How long a token for uploads is good."""
    cancellation_seconds: float = 0.2
    """How long a running request takes to stop."""


@dataclass(eq=False)
class Request:
    """One accepted request."""

    endpoint: Endpoint
    input: dict[str, Any]
    """The request body."""
    base_url: str
    webhook: str | None = None
    headers: dict[str, str] = field(default_factory=dict)
    """Those of the submit that say how it may run, in lower case."""
    faults: dict[str, dict[str, Any]] = field(default_factory=dict)
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    accepted_at: str = field(default_factory=now)
    answered: bool = True
    """Whether the caller got the answer. A rule may lose it."""
    answered_at: str = ""
    started_at: str = ""
    ended_at: str = ""
    number: int = 0
    status: str = "IN_QUEUE"
    started: float = 0.0
    inference_time: float = 0.0
    outcome: Outcome | None = None
    task: asyncio.Task[None] | None = None

    @property
    def arguments(self) -> dict[str, Any]:
        """The input with every optional field filled in."""
        return self.endpoint.with_defaults(self.input)

    @property
    def prompt(self) -> str:
        """What a rule's `match` is compared with, in addition to paths and ids."""
        return str(self.input.get("prompt", ""))

    @property
    def url(self) -> str:
        """The response URL, in owner/app form."""
        return f"{self.base_url}/{self.endpoint.app}/requests/{self.id}"


class Queue:
    """All requests, each with a task that runs it."""

    def __init__(
        self,
        timing: Timing,
        run: Callable[[Request], Awaitable[Outcome]],
        completed: Callable[[Request, Outcome], None],
    ) -> None:
        self.timing = timing
        self.requests: dict[str, Request] = {}
        self._run = run
        self._completed = completed
        self._accepted = 0
        self._left = 0

    @property
    def length(self) -> int:
        """Number of waiting requests."""
        return self._accepted - self._left

    def accept(self, request: Request) -> None:
        """Accept the request and start its task."""
        request.number = self._accepted
        self._accepted += 1
        self.requests[request.id] = request
        request.task = asyncio.create_task(self._live(request))

    def position(self, request: Request) -> int:
        """Return how many requests are ahead."""
        return max(0, request.number - self._left)

    def cancel(self, request: Request) -> None:
        """Remove a waiting request, or ask a running one to stop.

        A rule with `finish_anyway` makes a run ignore this.
        """
        if request.status == "IN_QUEUE":
            self._stop(request)
        elif "finish_anyway" not in request.faults:
            asyncio.get_running_loop().call_later(
                self.timing.cancellation_seconds, self._stop, request
            )

    def forget(self) -> None:
        """Drop all requests without notice."""
        for request in self.requests.values():
            if request.task:
                request.task.cancel()
        self.requests.clear()
        self._accepted = self._left = 0

    async def _live(self, request: Request) -> None:
        patience = float(request.headers.get(START_TIMEOUT, "inf"))
        await asyncio.sleep(min(self.timing.queue_seconds, patience))
        self._left += 1
        if patience < self.timing.queue_seconds:
            self._finish(request, not_started())
            return
        request.status = "IN_PROGRESS"
        request.started, request.started_at = time.monotonic(), now()
        try:
            outcome = await self._run(request)
        except Exception as error:
            logger.exception("request %s broke", request.id)
            outcome = broken_run(f"{type(error).__name__}: {error}")
        self._finish(request, outcome)

    def _stop(self, request: Request) -> None:
        if request.outcome or request.id not in self.requests:
            return
        if request.task:
            request.task.cancel()
        if request.status == "IN_QUEUE":
            self._left += 1
        self._finish(request, cancelled())

    def _finish(self, request: Request, outcome: Outcome) -> None:
        if request.started:
            request.inference_time = time.monotonic() - request.started
        request.outcome = outcome
        request.status, request.ended_at = "COMPLETED", now()
        self._completed(request, outcome)
