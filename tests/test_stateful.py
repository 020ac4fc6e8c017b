"""Random orders of everything that can happen, and the promises that hold in all of them."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

import pytest
from django.db.models import F
from django.utils import timezone
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from sora_remix import engine, fal, media, services
from sora_remix.endpoints import Outputs
from sora_remix.engine.pace import Watch
from sora_remix.exceptions import InvalidTransition, NotReady, RemoteCancelled, TryLater
from sora_remix.models import Chain, PendingFile, Remix, RemixEvent, Video
from tests.factories import make_video

Status = Remix.Status
OVER = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)


class Killed(BaseException):
    """The worker dies at this instant: nobody handles this, and nothing is put in order."""


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

    async def download(self, url: str) -> IO[bytes]:
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

    @rule(prompts=st.lists(st.sampled_from(["a", "b"]), min_size=2, max_size=4))
    def click(self, prompts: list[str]) -> None:
        services.request_remixes([self.source], prompts)

    @rule(plan=PLANS)
    def send(self, plan: list[str]) -> None:
        self._work(plan, lambda: engine.send_waiting(Watch(), float("inf")))

    @rule(plan=PLANS)
    def check(self, plan: list[str]) -> None:
        self._work(plan, lambda: engine.check_due(Watch(), float("inf")))

    @rule(plan=PLANS, twice=st.booleans())
    def collect(self, plan: list[str], twice: bool) -> None:
        pks = Remix.objects.hand_over(10)
        for _ in range(1 + twice):
            self._work(plan, lambda: engine.collect(pks))

    @rule()
    def sweep(self) -> None:
        self._work([], engine.sweep)

    @rule(data=st.data())
    def finish_at_fal(self, data: st.DataObject) -> None:
        if running := sorted(self.world.accepted.keys() - self.world.finished):
            self.world.finished.add(data.draw(st.sampled_from(running)))

    @rule(data=st.data())
    def ring(self, data: st.DataObject) -> None:
        request_id = data.draw(st.sampled_from(sorted(self.world.finished) or ["none"]))
        if request_id not in self.world.accepted:
            return
        arguments = self.world.accepted[request_id]
        known = Remix.objects.filter(request_id=request_id).first()
        alike = [one for one in self._silent() if one.arguments == arguments]
        if remix := known or next(iter(alike), None):
            services.ring(remix.key, request_id)

    @rule(data=st.data(), act=st.sampled_from(["cancel", "retry", "collect_again", "give_up"]))
    def act(self, data: st.DataObject, act: str) -> None:
        remixes = list(Remix.objects.order_by("pk"))
        if not remixes:
            return
        remix = data.draw(st.sampled_from(remixes), label="remix")
        with suppress(InvalidTransition):
            getattr(services, act)(remix, by=None)
            self.over.pop(remix.pk, None)

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
        """As only one is sent at a time, no answer may be unsaved when the next one is sent."""
        ids = set(Remix.objects.exclude(request_id="").values_list("request_id", flat=True))
        assert self.world.answered <= ids

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
            self._work([], lambda: engine.send_waiting(Watch(), float("inf")))
            self._work([], lambda: engine.check_due(Watch(), float("inf")))
            self._work([], lambda: engine.collect(Remix.objects.hand_over(100)))
        assert not Remix.objects.unsettled().exists()
        assert not PendingFile.objects.exists()

    def _work(self, plan: list[str], work: Any) -> None:
        self.world.plan[:] = plan
        with suppress(Killed):
            work()
        self.world.plan.clear()

    def _silent(self) -> list[Remix]:
        """Return the remixes that may be at fal without our knowing their id."""
        silent = Remix.objects.filter(request_id="", arguments__isnull=False)
        return list(silent.exclude(status__in=(Status.QUEUED, Status.CANCELLED)))


@pytest.mark.django_db(transaction=True)
def test_the_promises_hold_in_any_order_of_events(
    monkeypatch: pytest.MonkeyPatch, media_root: Path, clip: Path
) -> None:
    world = World(clip.read_bytes())
    for name in ("submit", "progress", "result", "cancel", "sent_requests"):
        monkeypatch.setattr(fal, name, getattr(world, name))
    monkeypatch.setattr(media, "download", world.download)
    monkeypatch.setattr(media, "store", world.store)
    monkeypatch.setattr(services, "nudge", lambda: None)
    monkeypatch.setattr(services, "queue_collect", lambda *pks: None)
    monkeypatch.setattr(fal, "PLACES", 1)
    Life.world, Life.media_root = world, media_root

    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=40,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            # Shrinking a failure takes minutes: add Phase.shrink to see the shortest way to it.
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        ),
    )
