"""An error about one row doesn't affect the others."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import IO, Any

import pytest
from django.db import DataError, OperationalError
from django.utils import timezone

from sora_remix import engine, fal, media
from sora_remix.endpoints import Outputs
from sora_remix.engine import (
    collecting,
    preparing,
    sending,
    source_copies,
    storing,
    sweeping,
    turns,
)
from sora_remix.models import (
    Chain,
    EndpointFact,
    Remix,
    SourceCopy,
)
from tests.factories import make_remix, make_video

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status
BROKEN = "the broken one"
OVER = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)
ERRORS = [ValueError, DataError, OperationalError]


class World:
    """fal and its file server, where everything goes well."""

    def __init__(self, clip: bytes) -> None:
        self.clip = clip
        self.accepted: dict[str, str] = {}
        self.refuses: Callable[[str], fal.Submitted | None] = lambda prompt: None

    async def submit(
        self, endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
    ) -> fal.Submitted:
        prompt = arguments["prompt"]
        if answer := self.refuses(prompt):
            return answer
        request_id = f"fal-{len(self.accepted)}"
        self.accepted[request_id] = prompt
        return fal.Accepted(request_id)

    async def progress(self, endpoint_id: str, request_id: str) -> fal.Progress:
        return fal.Progress(is_finished=True)

    async def result(self, endpoint_id: str, request_id: str, outputs: Outputs) -> fal.Result:
        return fal.Result(f"https://fal.media/{request_id}.mp4", sora_id=f"video_{request_id}")

    async def sent_requests(self, endpoint_id: str, since: datetime) -> list[fal.SentRequest]:
        return [
            fal.SentRequest(request_id, timezone.now(), {"prompt": prompt})
            for request_id, prompt in self.accepted.items()
        ]

    async def upload(self, name: str, content_type: str, file: IO[bytes], life: timedelta) -> str:
        return f"https://fal.media/{name}"

    async def download(self, url: str, **_limits: Any) -> IO[bytes]:
        return io.BytesIO(self.clip)


@pytest.fixture
def world(clip: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    world = World(clip.read_bytes())
    for name in ("submit", "progress", "result", "sent_requests", "upload"):
        monkeypatch.setattr(fal, name, getattr(world, name))
    monkeypatch.setattr(media, "download", world.download)
    monkeypatch.setattr("sora_remix.engine.isolation.PAUSES", (0, 0))
    monkeypatch.setattr(turns, "BROKEN_SECONDS", 0)
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    return world


def is_broken(subject: Any) -> bool:
    if isinstance(subject, list):
        return any(map(is_broken, subject))
    remix = getattr(subject, "remix", subject)
    return isinstance(remix, Remix) and remix.prompt == BROKEN


def break_method(
    monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: type[Exception]
) -> list[object]:
    """Make a method raise an error for the broken row; return the counter of errors."""
    whole, struck = getattr(owner, name), list[object]()

    def method(*args: Any, **values: Any) -> Any:
        if any(map(is_broken, args)):
            struck.append(args)
            raise error("it breaks")
        return whole(*args, **values)

    monkeypatch.setattr(owner, name, method)
    return struck


def pass_time() -> None:
    """Let all leases and pauses end."""
    past = timezone.now() - timedelta(hours=1)
    Remix.objects.update(due_at=past)
    SourceCopy.objects.update(due_at=past)
    Remix.objects.filter(lease__isnull=False).update(leased_until=past)
    SourceCopy.objects.filter(lease__isnull=False).update(leased_until=past)
    Chain.objects.update(held_until=None)


def work(rounds: int = 5) -> None:
    """Run the work of workers at least this number of times, until the other rows are settled."""
    for turn in range(30):
        if turn >= rounds and not Remix.objects.exclude(prompt=BROKEN).unsettled().exists():
            return
        pass_time()
        Chain.objects.update_or_create(pk=1, defaults={"turn": turn, "state": Chain.State.RUNNING})
        for errand in engine.take_turn(turn):
            getattr(engine, errand.task)(errand.pks)
        pass_time()
        engine.sweep()


def neighbours(many: int = 3, **values: Any) -> list[Remix]:
    """Make remixes of which the first is broken."""
    source = make_video()
    prompts = [BROKEN, *(f"neighbour {number}" for number in range(many))]
    return [make_remix(source=source, prompt=prompt, **values) for prompt in prompts]


def assert_neighbours_are_whole(world: World, broken: Remix) -> None:
    others = Remix.objects.exclude(pk=broken.pk)
    assert {remix.status for remix in others} == {Status.SUCCEEDED}
    sent = [prompt for prompt in world.accepted.values() if prompt != BROKEN]
    assert sorted(sent) == sorted(remix.prompt for remix in others)
    assert list(world.accepted.values()).count(BROKEN) <= 1


METHODS: list[tuple[Any, str]] = [
    (Remix, "sending"),
    (Remix, "accepted"),
    (type(Remix.objects.all()), "complete"),
    (type(Remix.objects.all()), "start_storing"),
    (Remix, "succeed"),
    (Remix, "postpone"),
    (Remix, "_event"),
    (Remix, "_move"),
    (Remix, "_move_mine"),
    (sending, "urls_for"),
    (sending, "_arguments"),
    (sending, "_start"),
    (sending, "_write_answer"),
    (sending, "_accepted"),
    (collecting, "_outputs"),
    (storing, "_choose_names"),
    (storing, "_announce"),
    (storing.StoringGroup, "_store_files"),
    (storing, "_commit"),
    (storing, "_succeed"),
    (storing, "_free_sora_id"),
    (preparing, "_checked_files"),
]


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize(("owner", "name"), METHODS, ids=lambda one: getattr(one, "__name__", one))
def test_error_in_any_method_does_not_affect_other_remixes(
    world: World, monkeypatch: pytest.MonkeyPatch, owner: Any, name: str, error: type[Exception]
) -> None:
    broken, *_others = neighbours(is_ready=name != "_checked_files")
    struck = break_method(monkeypatch, owner, name, error)

    work()

    assert struck or name == "postpone"
    assert_neighbours_are_whole(world, broken)


@pytest.mark.parametrize("error", ERRORS, ids=lambda error: error.__name__)
@pytest.mark.parametrize("name", ["refused", "not_sent", "requeued", "unanswered"])
def test_error_while_settling_a_refusal_does_not_affect_other_remixes(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str, error: type[Exception]
) -> None:
    answers: dict[str, fal.Submitted] = {
        "refused": fal.Refused("missing", "HTTP 422"),
        "not_sent": fal.NotSent("ConnectError"),
        "requeued": fal.RefusedForNow(1, "HTTP 429"),
        "unanswered": fal.Unknown("ReadTimeout"),
    }
    world.refuses = lambda prompt: answers[name] if prompt == BROKEN else None
    broken, *_others = neighbours()
    struck = break_method(monkeypatch, Remix, name, error)

    work(2)
    world.refuses = lambda prompt: None
    work()

    assert struck
    assert_neighbours_are_whole(world, broken)


@pytest.mark.parametrize("name", ["_commit", "succeed", "start_storing"])
def test_result_that_breaks_its_own_settling_fails_with_an_explanation(
    world: World, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    remix = make_remix(prompt=BROKEN, status=Status.STORING, request_id="fal-0")
    owner: Any = Remix if hasattr(Remix, name) else storing
    break_method(monkeypatch, owner, name, DataError)

    work(2)

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "result_not_storable")
    assert remix.error_message == "DataError: it breaks"


@pytest.mark.parametrize("step", [step.__name__ for step in sweeping.STEPS])
def test_failing_step_of_the_sweep_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    taken: list[str] = []

    def name_it(name: str) -> Callable[[], None]:
        def take() -> None:
            taken.append(name)
            if name == step:
                raise ValueError("a bug of ours")

        return take

    names = [one.__name__ for one in sweeping.STEPS]
    monkeypatch.setattr(sweeping, "STEPS", tuple(map(name_it, names)))

    engine.sweep()

    assert taken == names


@pytest.mark.parametrize("step", ["release_lost", "prepare_waiting", "check_due"])
def test_failing_step_of_a_turn_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    [remix] = neighbours(0)

    def fail(*_args: object) -> None:
        raise ValueError("a bug of ours")

    monkeypatch.setattr(turns, step, fail)

    work(1)

    remix.refresh_from_db()
    assert remix.request_id == "fal-0"


def test_remix_that_can_not_be_settled_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    remixes = neighbours(3, status=Status.UNCONFIRMED, submitted_at=timezone.now())
    for number, remix in enumerate(remixes):
        world.accepted[f"fal-{number}"] = remix.prompt
        Remix.objects.filter(pk=remix.pk).update(arguments={"prompt": remix.prompt})
    break_method(monkeypatch, Remix, "accepted", DataError)

    work()

    assert_neighbours_are_whole(world, remixes[0])


def test_cost_that_can_not_be_stored_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"status": Status.SUCCEEDED, "finished_at": timezone.now(), "billable_units": 2}
    broken, *others = neighbours(3, **values)
    EndpointFact.objects.note_price(broken.endpoint_id, Decimal(3), "second", "USD")
    break_method(monkeypatch, Remix, "set_calculated_cost", DataError)

    engine.sweep()

    costs = {
        remix.calculated_cost for remix in Remix.objects.filter(pk__in=[one.pk for one in others])
    }
    assert costs == {Decimal(6)}


def test_file_that_can_not_be_uploaded_does_not_stop_the_others(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = source_copies._upload

    async def upload(name: str) -> str:
        if name == "broken.mp4":
            raise UnicodeEncodeError("ascii", "ü", 0, 1, "ordinal not in range")
        return await whole(name)

    monkeypatch.setattr(source_copies, "_upload", upload)
    names = ["broken.mp4", *(media.store(f"{n}.mp4", io.BytesIO(b"x")) for n in "abc")]
    SourceCopy.objects.request(names)

    engine.upload_copies(SourceCopy.objects.values_list("pk", flat=True))

    rows = {one.name: one for one in SourceCopy.objects.all()}
    assert rows["broken.mp4"].error_code == "source_unreachable"
    assert rows["broken.mp4"].error_message.startswith("UnicodeEncodeError")
    assert all(one.url for name, one in rows.items() if name != "broken.mp4")
