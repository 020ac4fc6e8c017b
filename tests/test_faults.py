"""Every fault, over the wire and through the engine: its effect on the remix and the money."""

from __future__ import annotations

import errno
import gc
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import httpx
import pytest
from django.db.models import F
from django.utils import timezone

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import engine, media, tasks
from sora_remix.engine.pace import Heartbeat
from sora_remix.fal import queue, submitting
from sora_remix.media import downloads
from sora_remix.models import Chain, PendingFile, Remix, Video
from tests.factories import make_remix, make_video
from tests.processes import wait_until

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("media_root"),
    # asyncio leaves a socket to the garbage collector when a deadline cuts off its TLS handshake.
    pytest.mark.filterwarnings("ignore:unclosed (transport|<socket):ResourceWarning"),
]

Status = Remix.Status
WELL = "make it noir"


@pytest.fixture(autouse=True, scope="module")
def collected() -> Iterator[None]:
    """Leave no socket to another test, where it would be an error."""
    yield
    gc.collect()


@pytest.fixture(autouse=True)
def no_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Give up a call that does not come off soon: fal-client repeats some for a long time."""
    monkeypatch.setattr(queue, "ASK_SECONDS", 0.5)
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)


def ask(prompt: str = WELL) -> Remix:
    source = Video.objects.filter(sora_id="video_clip").first() or make_video(sora_id="video_clip")
    return make_remix(source=source, prompt=prompt)


def work() -> None:
    """Do what workers do in a turn."""
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)
    engine.check_due(Heartbeat(), time.monotonic() + 60)
    engine.collect(Remix.objects.hand_over(10))


def pass_time(**length: float) -> None:
    """Let time pass: for the rows, that is to move everything they wait for closer."""
    passed = timedelta(**(length or {"minutes": 6}))
    Remix.objects.update(
        due_at=F("due_at") - passed,
        leased_until=F("leased_until") - passed,
        failing_since=F("failing_since") - passed,
        submitted_at=F("submitted_at") - passed,
    )
    Chain.objects.update(held_until=F("held_until") - passed)
    PendingFile.objects.update(created_at=F("created_at") - passed)


def settle(remix: Remix, *, turns: int = 40) -> Remix:
    """Work until a remix is finished, at most this number of turns."""
    for _ in range(turns):
        work()
        remix.refresh_from_db()
        if remix.finished_at or remix.status == Status.UNCONFIRMED:
            break
        pass_time(seconds=30)
        time.sleep(0.05)
    return remix


def finished_at_fal(sandbox: SandboxProcess) -> Remix:
    """Return a remix that fal has finished and nobody has collected."""
    remix = ask()
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)

    def is_made() -> bool:
        [request] = sandbox.accepted()
        return bool(request["status"] == "COMPLETED")

    wait_until(is_made)
    return remix


@dataclass(frozen=True)
class Fault:
    """A fault and its expected effect."""

    on: str
    fault: str
    status: str
    code: str = ""
    accepted: int = 1
    parameters: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.on}: {self.fault} {self.parameters.get('status', '')}".strip()


def refused(http_status: int, body: object, code: str) -> Fault:
    parameters = {"status": http_status, "body": body}
    return Fault("submit", "answer", Status.FAILED, code, 0, parameters)


def unanswered(fault: str, accepted: int = 1, **parameters: Any) -> Fault:
    return Fault("submit", fault, Status.UNCONFIRMED, "", accepted, parameters)


def passing(on: str, fault: str, **parameters: Any) -> Fault:
    return Fault(on, fault, Status.SUCCEEDED, "", 1, {"times": 3, **parameters})


def final(on: str, fault: str, code: str, **parameters: Any) -> Fault:
    return Fault(on, fault, Status.FAILED, code, 1, parameters)


MODERATION = {"detail": [{"type": "content_policy_violation", "msg": "no", "loc": []}]}
NGINX = "<html>502 Bad Gateway nginx</html>"
FAULTS = [
    refused(403, {"detail": "This key may not use the model"}, "endpoint_forbidden"),
    refused(404, {"detail": 'Application "sora-2" not found'}, "endpoint_retired"),
    refused(400, {"detail": {"error": "EndpointDeprecated", "message": ""}}, "endpoint_retired"),
    refused(400, {"detail": "bad", "error_type": "bad_request"}, "bad_request"),
    refused(422, MODERATION, "content_policy_violation"),
    passing("submit", "answer", status=401, body={"detail": "No user found for this key"}),
    passing("submit", "answer", status=402, body=""),
    passing("submit", "answer", status=403, body={"detail": "User is locked. Reason: TOP_UP"}),
    passing("submit", "answer", status=429, body="", headers={"Retry-After": "20"}),
    unanswered("drop_before", accepted=0),
    unanswered("drop_after"),
    unanswered("stall", seconds=1),
    unanswered("answer", accepted=0, status=408, body=""),
    unanswered("answer", accepted=0, status=500, body={"detail": "oh"}),
    unanswered("answer_after", status=502, body=NGINX),
    unanswered("garbage"),
    unanswered("cut"),
    unanswered("answer_after", status=200, body={"status": "IN_QUEUE"}),
    passing("status", "drop_before"),
    passing("status", "cut"),
    passing("status", "garbage"),
    passing("status", "answer", status=401, body={"detail": "No user found for this key"}),
    passing("status", "answer", status=402, body=""),
    passing("status", "answer", status=403, body={"detail": "User is locked"}),
    passing("status", "answer", status=404, body={"status": "NOT_FOUND"}),
    passing("status", "answer", status=500, body=""),
    passing("status", "answer", status=200, body={"status": "PONDERING", "logs": None}),
    passing("status", "answer", status=200, body={"status": "COMPLETED"}),
    final("result", "answer", "content_policy_violation", status=422, body=MODERATION),
    final(
        "result", "answer", "runner_disconnected",
        status=503, body={"detail": "", "error_type": "runner_disconnected"},
    ),
    final("job", "fail", "generation_timeout", http_status=504, error_type="generation_timeout"),
    final("job", "fail", "http_500", http_status=500, detail="Internal Server Error"),
    passing("result", "answer", status=502, body=NGINX),
    passing("result", "answer", status=401, body={"detail": "No user found for this key"}),
    passing("result", "answer", status=402, body={"detail": "Exhausted balance"}),
    passing("result", "answer", status=403, body={"detail": "User is locked"}),
    passing("result", "garbage"),
    passing("result", "drop_after"),
    passing("result", "answer", status=400, body={"detail": "Request is still in progress"}),
    passing("result", "answer", status=202, body={"status": "IN_PROGRESS"}),
    final("job", "output", "result_missing", merge={"video": {"url": None}}),
    final("job", "output", "result_missing", merge={"video": None}),
    final("job", "output", "result_refused", merge={"video": {"url": "https://example.com/v"}}),
    final("job", "output", "result_refused", merge={"video": {"url": "http://127.0.0.1/v"}}),
    passing("download", "cut"),
    passing("download", "drop_before"),
    passing("download", "slow", bytes_per_second=400_000),
    passing("download", "answer", status=503, body=""),
    passing("download", "answer", status=429, body=""),
    passing("download", "no_length"),
    passing("download", "wrong_length"),
    passing("download", "answer", status=404, body="", times=2),
    passing("download", "answer", status=403, body="", times=2),
    final("download", "answer", "result_expired", status=410, body=""),
    final("download", "html", "result_refused"),
    final("download", "not_video", "not_a_video"),
    final("download", "endless", "result_refused"),
    final("download", "redirect", "result_refused", to="http://127.0.0.1/v.mp4"),
    final("download", "redirect", "result_refused", to="ftp://127.0.0.1/v.mp4"),
]  # fmt: skip


@pytest.mark.parametrize("case", FAULTS, ids=str)
def test_each_fault_has_its_outcome_and_is_never_paid_twice(
    sandbox: SandboxProcess, settings: Any, case: Fault
) -> None:
    settings.SORA_REMIX_MAX_RESULT_BYTES = 1024**2
    sandbox.misbehave(case.on, case.fault, **case.parameters)

    remix = settle(ask())

    assert (remix.status, remix.error_code) == (case.status, case.code), remix.error_message
    assert len(sandbox.accepted()) == case.accepted
    assert bool(remix.request_id) == (case.accepted == 1 and case.status != Status.UNCONFIRMED)
    assert Video.objects.count() == 1 + (case.status == Status.SUCCEEDED)
    assert not PendingFile.objects.exists()


@pytest.mark.parametrize(
    "case", [one for one in FAULTS if one.status == Status.UNCONFIRMED], ids=str
)
def test_unanswered_request_is_not_sent_again_and_is_found_if_fal_has_it(
    sandbox: SandboxProcess, settings: Any, case: Fault
) -> None:
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    sandbox.misbehave(case.on, case.fault, **case.parameters)
    remix = settle(ask())
    sandbox.behave()

    def is_over() -> bool:
        Remix.objects.update(due_at=timezone.now())
        engine.sweep()
        return settle(remix, turns=2).status != Status.UNCONFIRMED

    if case.accepted:
        wait_until(is_over)
        settle(remix)

    assert not is_over() if not case.accepted else remix.status == Status.SUCCEEDED
    assert sandbox.calls()["submit"] == 1


@pytest.mark.parametrize("case", [one for one in FAULTS if one.code.startswith("result_")], ids=str)
def test_result_that_could_not_be_stored_can_be_collected_again(
    sandbox: SandboxProcess, settings: Any, case: Fault
) -> None:
    settings.SORA_REMIX_MAX_RESULT_BYTES = 1024**2
    remix = finished_at_fal(sandbox)
    # What the request itself ends with can't be mended, but fal's answer about it can be.
    if case.on == "job":
        body = {"video": case.parameters["merge"]["video"]}
        sandbox.misbehave("result", "answer", status=200, body=body)
    else:
        sandbox.misbehave(case.on, case.fault, **case.parameters)
    settle(remix)
    assert (remix.status, remix.error_code) == (Status.FAILED, case.code)
    sandbox.behave()

    remix.reopen()
    settle(remix)

    assert remix.status == Status.SUCCEEDED
    assert sandbox.calls()["submit"] == 1


def _nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{one.getsockname()[1]}"
    monkeypatch.setattr(submitting, "FAL_QUEUE_RUN_HOST", host)


def _nobody_knows_the_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(submitting, "FAL_QUEUE_RUN_HOST", "fal.invalid")


def _the_certificate_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    stranger = httpx.AsyncClient()
    monkeypatch.setattr(submitting, "_client", lambda: stranger)


@pytest.mark.parametrize(
    "cut_off", [_nobody_listens, _nobody_knows_the_name, _the_certificate_is_unknown]
)
def test_remixes_wait_without_a_connection_and_are_sent_once_it_is_back(
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    cut_off: Callable[[pytest.MonkeyPatch], None],
) -> None:
    first, second = ask(), ask("in gold")
    with monkeypatch.context() as patch:
        cut_off(patch)
        for _ in range(3):
            work()
            pass_time()
        first.refresh_from_db()
        assert (first.status, first.failures) == (Status.QUEUED, 3)
        assert first.failing_since

    settle(first)
    settle(second)

    assert (first.status, second.status) == (Status.SUCCEEDED, Status.SUCCEEDED)
    assert sandbox.calls()["submit"] == 2


def test_remix_fails_free_of_charge_after_an_hour_without_a_connection(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = ask()
    _nobody_listens(monkeypatch)

    for _ in range(14):
        work()
        pass_time()

    remix.refresh_from_db()
    assert (remix.status, remix.error_code) == (Status.FAILED, "cannot_reach_fal")
    assert sandbox.calls()["submit"] == 0


def test_single_failure_long_after_an_outage_is_not_final(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    remix = ask()
    Remix.objects.update(failing_since=timezone.now() - timedelta(hours=3), failures=2)
    with monkeypatch.context() as patch:
        _nobody_listens(patch)
        work()

    settle(remix)

    assert remix.status == Status.SUCCEEDED


def test_too_many_requests_pause_the_whole_chain(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    sandbox.misbehave("submit", "answer", status=429, headers={"Retry-After": "300"}, body="")
    for number in range(30):
        ask(f"{WELL} {number}")

    work()
    work()

    assert sandbox.calls()["submit"] <= submitting.MAX_PARALLEL_CALLS
    assert not Remix.objects.exclude(status=Status.QUEUED).exists()
    held_until = Chain.objects.get().held_until
    assert held_until and held_until > timezone.now() + timedelta(seconds=200)


def test_worker_killed_while_sending_leaves_only_its_own_sends_unconfirmed(
    sandbox: SandboxProcess,
) -> None:
    for number in range(30):
        ask(f"{WELL} {number}")

    Remix.objects.claim_to_send(submitting.MAX_PARALLEL_CALLS)  # and then it is killed
    pass_time(minutes=1)
    engine.sweep()
    work()

    assert Remix.objects.filter(status=Status.UNCONFIRMED).count() == submitting.MAX_PARALLEL_CALLS
    assert len(sandbox.accepted()) == 30 - submitting.MAX_PARALLEL_CALLS


def test_hours_without_a_status_are_shown_and_end_with_the_result(
    sandbox: SandboxProcess,
) -> None:
    remix = ask()
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)
    sandbox.misbehave("status", "answer", status=500, body="")
    for _ in range(50):
        pass_time()
        work()
    remix.refresh_from_db()
    assert remix.status == Status.PROCESSING
    assert remix.failing_since
    assert timezone.now() - remix.failing_since > timedelta(hours=4)
    sandbox.behave()

    settle(remix)

    assert remix.status == Status.SUCCEEDED
    assert Remix.objects.filter(failing_since=None).exists()
    assert len(sandbox.accepted()) == 1


@pytest.mark.parametrize(
    "error",
    [OSError(errno.ENOSPC, "No space left on device"), RuntimeError("S3: SlowDown")],
    ids=["full disk", "S3 error"],
)
@pytest.mark.parametrize("is_written", [False, True])
def test_failing_storage_is_retried_and_keeps_no_orphan(
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    media_root: Path,
    error: Exception,
    is_written: bool,
) -> None:
    left, store = [3], media.store

    def fail(name: str, file: IO[bytes]) -> str:
        if not left[0]:
            return store(name, file)
        left[0] -= 1
        if is_written:
            store(name, file)
        raise error

    monkeypatch.setattr(media, "store", fail)

    remix = settle(ask())
    pass_time()
    engine.sweep()

    assert remix.status == Status.SUCCEEDED and remix.result
    files = (remix.result.file, remix.result.thumbnail, remix.result.spritesheet)
    there = {str(path.relative_to(media_root)) for path in media_root.rglob("*.*")}
    assert there == {str(file.name) for file in files}
    assert Video.objects.count() == 2


def test_message_delivered_twice_late_or_never_changes_nothing(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    messages: list[tuple[str, tuple[int, ...]]] = []
    monkeypatch.setattr(tasks, "async_task", lambda name, *args: messages.append((name, args)))
    remix = ask()
    tasks.nudge()
    late: list[tuple[str, tuple[int, ...]]] = []
    rounds: list[int] = []

    def deliver() -> bool:
        came, messages[:] = [*messages, *messages, *late[-3:]], []
        rounds.append(len(came))
        for name, args in came:
            late.append((name, args))
            getattr(tasks, name.rpartition(".")[2])(*args)
        if len(rounds) % 2:
            messages.clear()  # what was queued in this round is lost
        Remix.objects.update(due_at=timezone.now())
        Chain.objects.update(since=timezone.now() - timedelta(minutes=1))
        tasks.sweep()
        remix.refresh_from_db()
        return remix.status == Status.SUCCEEDED

    wait_until(deliver)

    assert len(sandbox.accepted()) == 1
    assert Video.objects.count() == 2


@pytest.mark.parametrize(
    ("timing", "fault", "outcome"),
    [
        ({"queue_seconds": 60}, None, Status.CANCELLED),
        ({"run_seconds": 1}, "finish_anyway", Status.SUCCEEDED),
        ({"run_seconds": 60}, None, Status.CANCELLED),
    ],
)
def test_requested_cancellation_ends_with_the_outcome_at_fal(
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    timing: dict[str, float],
    fault: str | None,
    outcome: str,
) -> None:
    monkeypatch.setattr(queue, "ASK_SECONDS", 60)  # a call that is given up is made again
    sandbox.timing(**timing)
    if fault:
        sandbox.misbehave("job", fault)
    remix = ask()
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)
    if "run_seconds" in timing:
        wait_until(lambda: sandbox.accepted()[0]["status"] == "IN_PROGRESS")

    remix.request_cancellation()
    settle(remix, turns=200)

    assert remix.status == outcome
    assert sandbox.calls()["cancel"] == 1
