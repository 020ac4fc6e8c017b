"""Do the work that no other worker is free for, while this one waits for its clip.

A site may have a single worker, and making a clip takes minutes.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Self

from django.db import connections

from .. import fal
from ..models import Chain, Remix, SourceCopy
from .collecting import collect
from .isolation import attempt
from .pace import TimeLimit
from .source_copies import upload_copies
from .turns import BROKEN_SECONDS, PAUSE, TURN_SECONDS, Errand, take_turn

PATIENCE = timedelta(seconds=1)
"""How long a turn or an errand waits for a worker that is free."""
LONGEST_TURN = TURN_SECONDS + fal.SUBMIT_SECONDS
"""Seconds. A turn that is cut off leaves what it was sending unconfirmed."""
# Not `fit`: a process makes one clip at a time.
ERRANDS = {"collect": collect, "deliver": upload_copies}


class UntakenWork(threading.Thread):
    """Take turns and run errands in a thread, as long as the context is open.

    `queue` sends an errand to the workers, and `nudge` continues the chain. What no worker takes
    within `PATIENCE` is done here. Nothing is started unless a whole turn fits in the time limit.
    """

    def __init__(
        self, limit: TimeLimit, queue: Callable[[Errand], None], nudge: Callable[[], None]
    ) -> None:
        super().__init__(daemon=True)
        self._limit, self._queue, self._nudge = limit, queue, nudge
        self._is_over = threading.Event()
        self._turn: int | None = None
        self._queued: deque[tuple[float, Errand]] = deque()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._is_over.set()
        # The next task of this worker must not share its event loop.
        self.join()

    def run(self) -> None:
        """Work until the context is left or the time is up."""
        pause = PAUSE
        try:
            while self._may_go_on(pause):
                pause = PAUSE if attempt(self._work) else BROKEN_SECONDS
        finally:
            attempt(self._end_turn)
            connections.close_all()

    def _may_go_on(self, pause: float = 0) -> bool:
        return not self._is_over.wait(pause) and self._limit.left > LONGEST_TURN

    def _work(self) -> None:
        if self._turn is None or not Chain.objects.renew(self._turn):
            self._take_over()
        if self._turn is not None:
            for errand in take_turn(self._turn):
                if errand.task in ERRANDS:
                    self._queued.append((time.monotonic(), errand))
                self._queue(errand)
        for errand in self._untaken():
            # A turn takes about a second, and an errand may take minutes.
            self._end_turn()
            ERRANDS[errand.task](errand.pks, self._limit)

    def _take_over(self) -> None:
        self._nudge()
        self._turn = Chain.objects.take_over(PATIENCE)
        if self._turn is not None:
            # Messages that were sent before may be waiting for this very worker.
            Remix.objects.finished_at_fal().recall()
            SourceCopy.objects.to_upload().recall()

    def _untaken(self) -> Iterator[Errand]:
        """Yield errands that were queued long enough ago; a worker that claimed one keeps it."""
        before = time.monotonic() - PATIENCE.total_seconds()
        while self._may_go_on() and self._queued and self._queued[0][0] <= before:
            yield self._queued.popleft()[1]

    def _end_turn(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None and Chain.objects.release(turn):
            self._nudge()
