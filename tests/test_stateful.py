"""Random orders of all events, and the promises that hold in each of them."""

from __future__ import annotations

import io
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, nullcontext, suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from django.db import DataError, OperationalError, connection, transaction
from django.db.models import F, QuerySet
from django.utils import timezone
from django.utils.module_loading import import_string
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sora_remix import engine, fal, media, services, tasks
from sora_remix.endpoints import Outputs
from sora_remix.engine import (
    checking,
    collecting,
    evidence,
    isolation,
    pace,
    sending,
    storing,
    turns,
)
from sora_remix.engine.pace import Heartbeat
from sora_remix.exceptions import (
    InvalidTransition,
    NotReady,
    OpenTransaction,
    RemoteCancelled,
    TryLater,
)
from sora_remix.models import Chain, PendingFile, Remix, RemixEvent, Video
from sora_remix.models.chain import ChainQuerySet
from sora_remix.models.pending import PendingFileQuerySet
from sora_remix.models.queryset import RemixQuerySet
from tests.factories import make_video

Status = Remix.Status
OVER = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


class Killed(BaseException):
    """The worker dies at this instant: nobody handles this, and nothing is put in order."""


class Sabotage:
    """One thing that goes wrong while a worker works: a kill at any statement, or any error."""

    def __init__(self, kind: str, at: int, method: tuple[Any, str]) -> None:
        self.kind = kind
        self.left = at
        self.method = method
        owner = method[0]
        self.may_break_a_turn = isinstance(owner, type) and issubclass(owner, QuerySet)
        """Claims and the chain are nobody's; what is about one row stays with that row."""

    @contextmanager
    def committed(self) -> Iterator[None]:
        """Let it happen in here."""
        with pytest.MonkeyPatch.context() as patch, ExitStack() as stack:
            if self.kind.startswith("killed"):
                stack.enter_context(connection.execute_wrapper(self._execute))
            elif self.kind != "nothing":
                owner, name = self.method
                patch.setattr(owner, name, self._breaking(getattr(owner, name)))
            yield

    def _is_now(self) -> bool:
        self.left -= 1
        return self.left == 0

    def _execute(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        is_now = self._is_now()
        if is_now and self.kind == "killed before a statement":
            raise Killed
        answer = execute(sql, params, many, context)
        if is_now:
            raise Killed
        return answer

    def _breaking(self, whole: Any) -> Any:
        def method(*args: Any, **values: Any) -> Any:
            is_now = self._is_now()
            if is_now and self.kind.endswith("before"):
                raise KINDS[self.kind]("it breaks")
            answer = whole(*args, **values)
            if is_now:
                raise KINDS[self.kind]("it breaks")
            return answer

        return method


KINDS: dict[str, type[Exception]] = {
    "a bug before": ValueError,
    "a bug after": ValueError,
    "a column too small before": DataError,
    "the database is away before": OperationalError,
    "the database is away after": OperationalError,
}
METHODS: list[tuple[Any, str]] = [
    *((Remix, name) for name in ("sending", "accepted", "refused", "not_sent", "requeued")),
    *((Remix, name) for name in ("unanswered", "completed", "check_again", "postpone", "fail")),
    *((Remix, name) for name in ("start_storing", "succeed", "cancellation_sent", "release")),
    *((Remix, name) for name in ("_move", "_move_mine", "_update", "_event")),
    *((sending, name) for name in ("_start", "_write_answer", "_arguments", "_hold_back")),
    (checking, "_settle"),
    (pace.CheckPace, "next_check"),
    *((collecting._Collector, name) for name in ("_advance", "_store")),
    *((storing, name) for name in ("_announce", "_choose_names", "_commit", "_succeed")),
    (evidence, "_is_its"),
    *((ChainQuerySet, name) for name in ("lock", "is_held", "hold_back", "hold", "claim_probe")),
    *((ChainQuerySet, name) for name in ("hold_account", "probe_now", "end_hold")),
    *((sending, name) for name in ("_hold_account", "_end_hold", "_claim_probe")),
    (Remix, "held"),
    *((RemixQuerySet, name) for name in ("claim_to_send", "claim_to_check", "claim_to_collect")),
    (RemixQuerySet, "give_up_lost_sends"),
    (PendingFileQuerySet, "condemn_abandoned"),
]
SETTLING = st.builds(
    Sabotage,
    st.sampled_from(sorted(KINDS)),
    st.integers(1, 3),
    st.sampled_from([(Remix, "accepted"), (sending, "_write_answer"), (sending, "_accepted")]),
)
SABOTAGE = st.one_of(
    st.just(Sabotage("nothing", 0, METHODS[0])),
    st.builds(
        Sabotage,
        st.sampled_from(["killed before a statement", "killed after a statement"]),
        st.integers(1, 25),
        st.just(METHODS[0]),
    ),
    st.builds(
        Sabotage, st.sampled_from(sorted(KINDS)), st.integers(1, 3), st.sampled_from(METHODS)
    ),
)


class World:
    """fal, its file server and the clock, as far as the engine sees them."""

    def __init__(self, clip: bytes) -> None:
        self.clip = clip
        self.accepted: dict[str, Mapping[str, Any]] = {}
        self.answered: set[str] = set()
        self.finished: set[str] = set()
        self.cancelled: set[str] = set()
        self.plan: list[str] = []

    def _next(self) -> str:
        return self.plan.pop(0) if self.plan else "well"

    async def submit(
        self, endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
    ) -> fal.Submitted:
        step = self._next()
        if step == "not sent":
            return fal.NotSent("ConnectError")
        if step == "refused":
            return fal.Refused("missing", "HTTP 422")
        if step == "account held":
            return fal.AccountHeld(fal.HoldCode.ACCOUNT_LOCKED, "HTTP 403")
        if step == "refused for now":
            return fal.RefusedForNow(1, "HTTP 429")
        if step == "killed before":
            raise Killed
        request_id = f"fal-{len(self.accepted)}"
        self.accepted[request_id] = dict(arguments)
        if step == "killed after":
            raise Killed
        if step == "lost":
            return fal.Unknown("ReadTimeout")
        self.answered.add(request_id)
        return fal.Accepted(request_id)

    async def progress(self, endpoint_id: str, request_id: str) -> fal.Progress:
        match self._next():
            case "lost" | "not sent":
                raise TryLater("HTTP 502")
            case "killed before" | "killed after":
                raise Killed
        return fal.Progress(is_finished=request_id in self.finished)

    async def result(self, endpoint_id: str, request_id: str, outputs: Outputs) -> fal.Result:
        if request_id in self.cancelled:
            raise RemoteCancelled("client_cancelled", "HTTP 499")
        match self._next():
            case "lost":
                raise TryLater("HTTP 502")
            case "not sent":
                raise NotReady
            case "killed before" | "killed after":
                raise Killed
        return fal.Result("https://fal.media/v.mp4")

    async def cancel(self, endpoint_id: str, request_id: str) -> None:
        if request_id not in self.finished:
            self.finished.add(request_id)
            self.cancelled.add(request_id)

    async def sent_requests(self, endpoint_id: str, since: datetime) -> list[fal.SentRequest]:
        return [
            fal.SentRequest(request_id, timezone.now(), arguments)
            for request_id, arguments in self.accepted.items()
            if request_id in self.finished
        ]

    async def download(self, url: str, *, most_bytes: int | None = None) -> IO[bytes]:
        if self._next() == "lost":
            raise TryLater("cut off")
        return io.BytesIO(self.clip)

    def store(self, name: str, file: IO[bytes]) -> str:
        stored = _store(name, file)
        if self._next() == "killed after":
            raise Killed
        return stored


_store = media.store
STEPS = [
    "well",
    "well",
    "well",
    "lost",
    "not sent",
    "refused",
    "refused for now",
    "account held",
    "killed before",
    "killed after",
]
PLANS = st.lists(st.sampled_from(STEPS), min_size=3, max_size=6)


class Life(RuleBasedStateMachine):
    """People, workers, fal and the reaper, in any order."""

    world: World
    media_root: Path

    def __init__(self) -> None:
        super().__init__()
        Remix.objects.all().delete()
        Video.objects.all().delete()
        for path in self.media_root.rglob("*.mp4"):
            path.unlink()
        type(self).world.__init__(self.world.clip)  # type: ignore[misc]
        self.source = make_video(sora_id="video_source")
        self.over: dict[int, tuple[str, str]] = {}
        self.seen: list[Remix] = []
        """Rows as they once were: reads that have become stale."""

    @rule(prompts=st.lists(st.sampled_from(["a", "b"]), min_size=2, max_size=4))
    def click(self, prompts: list[str]) -> None:
        services.request_remixes([self.source], prompts)

    @rule(prompt=st.sampled_from(["a", "b"]), plan=PLANS, sabotage=SABOTAGE)
    def click_where_tasks_run_inside_the_request(
        self, prompt: str, plan: list[str], sabotage: Sabotage
    ) -> None:
        """The broker runs tasks at once, in whatever transaction it is called in."""

        def click() -> None:
            services.request_remixes([self.source], [prompt])
            tasks.nudge()

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tasks, "async_task", lambda task, *args: import_string(task)(*args))
            self._work(plan, click, sabotage)

    @rule(plan=PLANS, sabotage=SABOTAGE)
    def send(self, plan: list[str], sabotage: Sabotage) -> None:
        self._work(plan, lambda: engine.send_waiting(Heartbeat(), float("inf")), sabotage)

    @rule(sabotage=SETTLING)
    def send_while_an_answer_breaks(self, sabotage: Sabotage) -> None:
        """Of several paid answers, one can't be settled."""
        services.request_remixes([self.source], ["a", "b", "c"])
        self._work([], lambda: engine.send_waiting(Heartbeat(), float("inf")), sabotage)

    @rule(plan=PLANS, sabotage=SABOTAGE)
    def send_in_a_transaction_that_is_rolled_back(
        self, plan: list[str], sabotage: Sabotage
    ) -> None:
        def send() -> None:
            with transaction.atomic():
                with suppress(OpenTransaction):
                    engine.send_waiting(Heartbeat(), float("inf"))
                raise Killed

        self._work(plan, send, sabotage)

    @rule(plan=PLANS, sabotage=SABOTAGE)
    def check(self, plan: list[str], sabotage: Sabotage) -> None:
        self._work(plan, lambda: engine.check_due(Heartbeat(), float("inf")), sabotage)

    @rule(plan=PLANS, twice=st.booleans(), sabotage=SABOTAGE)
    def collect(self, plan: list[str], twice: bool, sabotage: Sabotage) -> None:
        pks = Remix.objects.hand_over(10)
        for _ in range(1 + twice):
            self._work(plan, lambda: engine.collect(pks), sabotage)

    @rule(plan=PLANS)
    def collect_without_any_time(self, plan: list[str]) -> None:
        pks = Remix.objects.hand_over(10)
        self._work(plan, lambda: engine.collect(pks, engine.TimeLimit(0)))

    @rule(sabotage=SABOTAGE)
    def sweep(self, sabotage: Sabotage) -> None:
        self._work([], engine.sweep, sabotage)

    @rule(sabotage=SABOTAGE)
    def release_what_dead_workers_held(self, sabotage: Sabotage) -> None:
        self._work([], turns.release_lost, sabotage)

    @rule()
    def look(self) -> None:
        """Remember the rows as they are: somebody decides about them later, as they were."""
        self.seen = list(Remix.objects.order_by("pk"))

    @rule(data=st.data())
    def finish_at_fal(self, data: st.DataObject) -> None:
        if running := sorted(self.world.accepted.keys() - self.world.finished):
            self.world.finished.add(data.draw(st.sampled_from(running)))

    @rule(data=st.data())
    def receive_webhook(self, data: st.DataObject) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.world.finished) or ["none"]))
        if request_id not in self.world.accepted:
            return
        arguments = self.world.accepted[request_id]
        known = Remix.objects.filter(request_id=request_id).first()
        alike = [one for one in self._silent() if one.arguments == arguments]
        if remix := known or next(iter(alike), None):
            services.webhook_received(remix.key, request_id)

    @rule(data=st.data(), act=st.sampled_from(["cancel", "retry", "collect_again", "give_up"]))
    def act(self, data: st.DataObject, act: str) -> None:
        remixes = [*Remix.objects.order_by("pk"), *self.seen]
        if not remixes:
            return
        remix = data.draw(st.sampled_from(remixes), label="remix")
        said = Remix.objects.get(pk=remix.pk).error_message
        with suppress(InvalidTransition):
            getattr(services, act)(remix, by=None)
            self.over.pop(remix.pk, None)
            if act == "give_up":  # by somebody who has read which ids it names
                self.world.answered -= {one for one in self.world.answered if f"'{one}'" in said}

    @rule(minutes=st.sampled_from([1, 5]))
    def wait(self, minutes: int) -> None:
        """Let time pass: for the rows, that is to move everything they wait for closer."""
        passed = timedelta(minutes=minutes)
        Remix.objects.update(
            due_at=F("due_at") - passed,
            leased_until=F("leased_until") - passed,
            failing_since=F("failing_since") - passed,
        )
        Chain.objects.update(held_until=F("held_until") - passed)
        PendingFile.objects.update(created_at=F("created_at") - passed)

    @invariant()
    def no_remix_was_accepted_twice(self) -> None:
        accepted = Counter(str(sorted(one.items())) for one in self.world.accepted.values())
        asked = Counter(
            str(sorted(one.arguments.items()))
            for one in Remix.objects.filter(arguments__isnull=False)
            if one.arguments
        )
        assert all(count <= asked[body] for body, count in accepted.items())
        assert not Remix.objects.exclude(other_request_ids=[]).exists()

    @invariant()
    def every_answer_stands_on_a_row(self) -> None:
        """Unless the process was killed over it; at least in words, where saving it broke."""
        ids = set(Remix.objects.exclude(request_id="").values_list("request_id", flat=True))
        silent = Remix.objects.filter(request_id="")
        words = " ".join(silent.values_list("error_message", flat=True))
        assert all(f"'{one}'" in words for one in self.world.answered - ids)

    @invariant()
    def nothing_is_retried_twice(self) -> None:
        retried = Counter(Remix.objects.exclude(retry_of=None).values_list("retry_of", flat=True))
        assert all(many == 1 for many in retried.values())

    @invariant()
    def every_accepted_request_can_be_reached(self) -> None:
        ids = set(Remix.objects.values_list("request_id", flat=True))
        lost = Counter(
            str(sorted(one.items())) for key, one in self.world.accepted.items() if key not in ids
        )
        silent = Counter(
            str(sorted(one.arguments.items())) for one in self._silent() if one.arguments
        )
        assert all(count <= silent[body] for body, count in lost.items())

    @invariant()
    def what_is_over_stays_as_it_is(self) -> None:
        for pk, status, request_id in Remix.objects.filter(status__in=OVER).values_list(
            "pk", "status", "request_id"
        ):
            before = self.over.setdefault(pk, (status, request_id))
            assert before[0] == status
            assert before[1] in ("", request_id)

    @invariant()
    def the_history_knows_every_id_and_every_result(self) -> None:
        told = set(RemixEvent.objects.values_list("remix", "detail"))
        stored = RemixEvent.objects.filter(kind=RemixEvent.Kind.STORED)
        succeeded = Remix.objects.filter(status=Status.SUCCEEDED)
        assert set(Remix.objects.exclude(request_id="").values_list("pk", "request_id")) <= told
        assert sorted(stored.values_list("remix", flat=True)) == sorted(
            succeeded.values_list("pk", flat=True)
        )

    @invariant()
    def no_file_is_forgotten(self) -> None:
        files = {str(path.relative_to(self.media_root)) for path in self.media_root.rglob("*.mp4")}
        owned = set(Video.objects.exclude(file="").values_list("file", flat=True))
        pending = set(PendingFile.objects.values_list("name", flat=True))
        assert owned <= files <= owned | pending

    def teardown(self) -> None:
        """When all is well again, everything settles: nothing is stuck, nothing is lost."""
        for _ in range(12):
            self.wait(5)
            self.world.finished |= self.world.accepted.keys()
            self._work([], engine.sweep)
            self._work([], turns.release_lost)
            self._work([], lambda: engine.send_waiting(Heartbeat(), float("inf")))
            self._work([], lambda: engine.check_due(Heartbeat(), float("inf")))
            self._work([], lambda: engine.collect(Remix.objects.hand_over(100)))
        assert not Remix.objects.unsettled().exists()
        assert not PendingFile.objects.exists()

    def _work(
        self, plan: list[str], work: Callable[[], object], sabotage: Sabotage | None = None
    ) -> None:
        self.world.plan[:] = plan
        try:
            with sabotage.committed() if sabotage else nullcontext():
                work()
        except Killed:
            connection.close()  # as the end of its process does
            # What had been answered and was not saved has died with the process.
            self.world.answered &= set(Remix.objects.values_list("request_id", flat=True))
        except (OperationalError, DataError, ValueError):
            if not (sabotage and sabotage.may_break_a_turn):
                raise
        self.world.plan.clear()

    def _silent(self) -> list[Remix]:
        """Return the remixes that may be at fal without our knowing their id."""
        silent = Remix.objects.filter(request_id="", arguments__isnull=False)
        return list(silent.exclude(status__in=(Status.QUEUED, Status.CANCELLED)))


@pytest.mark.django_db(transaction=True)
def test_promises_hold_in_any_order_of_events(
    monkeypatch: pytest.MonkeyPatch, media_root: Path, clip: Path
) -> None:
    world = World(clip.read_bytes())
    for name in ("submit", "progress", "result", "cancel", "sent_requests"):
        monkeypatch.setattr(fal, name, getattr(world, name))
    monkeypatch.setattr(media, "download", world.download)
    monkeypatch.setattr(media, "store", world.store)
    monkeypatch.setattr(services, "nudge", lambda: None)
    monkeypatch.setattr(services, "queue_collect", lambda *pks: None)
    monkeypatch.setattr(fal, "MAX_PARALLEL_CALLS", 3)
    monkeypatch.setattr(fal, "MAX_PARALLEL_QUESTIONS", 3)
    monkeypatch.setattr(isolation, "PAUSES", (0, 0))
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    monkeypatch.setattr(turns, "BROKEN_SECONDS", 0)
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    Life.world, Life.media_root = world, media_root

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            database=None,
            # Shrinking a failure takes minutes: add Phase.shrink to see the shortest way to it.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
