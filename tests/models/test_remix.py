"""A status changes only along allowed transitions, once, and by the worker with the lease."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from django.utils.translation import gettext_lazy
from pytest_django import DjangoCaptureOnCommitCallbacks

from sora_remix.exceptions import InvalidTransition
from sora_remix.models import PendingFile, Remix
from sora_remix.signals import remix_failed, remix_succeeded
from tests.factories import ago, at_once, make_remix, make_video

Status = Remix.Status
Q, S, U, P, T = (
    Status.QUEUED,
    Status.SUBMITTING,
    Status.UNCONFIRMED,
    Status.PROCESSING,
    Status.STORING,
)
LATER = ago(days=-1)
FILES = ["a.mp4", "a.jpg"]


def _succeed(remix: Remix) -> None:
    with transaction.atomic():
        remix.succeed(make_video())


MOVES: dict[str, tuple[Callable[[Remix], None], dict[str, str]]] = {
    "sending": (lambda remix: remix.sending({"prompt": "a"}), {S: S}),
    "accepted": (lambda remix: remix.accepted("fal-1"), {S: P, U: P}),
    "refused": (lambda remix: remix.refused("no", "No."), {S: Status.FAILED}),
    "not_sent": (lambda remix: remix.not_sent(LATER), {S: Q}),
    "requeued": (lambda remix: remix.requeued(LATER), {S: Q}),
    "not_ready": (lambda remix: remix.not_ready(), {S: Q}),
    "unanswered": (lambda remix: remix.unanswered("Silence."), {S: U}),
    "completed": (lambda remix: remix.completed(), {P: P}),
    "start_storing": (lambda remix: remix.start_storing(), {P: T, T: T}),
    "postpone": (lambda remix: remix.postpone(LATER), {P: P, T: T}),
    "check_again": (lambda remix: remix.check_again(LATER), {P: P, T: T}),
    "succeed": (_succeed, {T: Status.SUCCEEDED}),
    "fail": (lambda remix: remix.fail("no", "No."), dict.fromkeys((Q, P, T), Status.FAILED)),
    "cancel": (lambda remix: remix.cancel(), {Q: Status.CANCELLED}),
    "request_cancellation": (lambda remix: remix.request_cancellation(), {S: S, U: U, P: P}),
    "cancellation_sent": (lambda remix: remix.cancellation_sent(), {P: P}),
    "cancelled_at_fal": (lambda remix: remix.cancelled_at_fal("HTTP 499"), {P: Status.CANCELLED}),
    "give_up": (lambda remix: remix.give_up(), {U: Status.FAILED}),
    "reopen": (lambda remix: remix.reopen(), {Status.FAILED: T}),
}
MATRIX = [(name, status) for name in MOVES for status in Status]
ALLOWED = [(name, status) for name, status in MATRIX if status in MOVES[name][1]]
REFUSED = [(name, status) for name, status in MATRIX if status not in MOVES[name][1]]
NEEDS_THE_CLAIM = [
    "completed",
    "start_storing",
    "postpone",
    "check_again",
    "cancellation_sent",
    "cancelled_at_fal",
    "fail",
]
KEEPS = ["start_storing", "sending", "request_cancellation", "cancellation_sent"]
FREES = [one for one in ALLOWED if one[0] not in KEEPS]


def _remix(status: str, **values: Any) -> Remix:
    """Make a remix that a worker holds, with traces of all that went wrong before."""
    remix = make_remix(
        **{
            "status": status,
            "request_id": "fal-0",
            "lease": uuid4(),
            "leased_until": ago(minutes=-1),
            "submitted_at": ago(minutes=1),
            "failures": 3,
            "failing_since": ago(minutes=2),
            "error_message": "It went wrong.",
            **values,
        }
    )
    PendingFile.objects.bulk_create(PendingFile(remix=remix, name=name) for name in FILES)
    return remix


def _row(remix: Remix) -> dict[str, Any]:
    return dict(Remix.objects.filter(pk=remix.pk).values().get())


@pytest.mark.parametrize(("name", "status"), ALLOWED)
def test_transition_from_an_allowed_state_succeeds(db: None, name: str, status: str) -> None:
    move, moves = MOVES[name]
    remix = _remix(status)

    move(remix)

    assert (remix.status, _row(remix)["status"]) == (moves[status], moves[status])


@pytest.mark.parametrize(("name", "status"), REFUSED)
def test_transition_from_any_other_state_is_refused_and_changes_nothing(
    db: None, name: str, status: str
) -> None:
    move, _moves = MOVES[name]
    remix = _remix(status)
    before = _row(remix)

    with pytest.raises(InvalidTransition):
        move(remix)

    assert (_row(remix), remix.status) == (before, status)
    assert remix.pending_files.count() == len(FILES)


@pytest.mark.parametrize(("name", "status"), FREES)
def test_transition_updates_the_instance(db: None, name: str, status: str) -> None:
    remix = _remix(status)

    MOVES[name][0](remix)

    row = _row(remix)
    assert {column: getattr(remix, column) for column in row} == row


@pytest.mark.parametrize(("name", "status"), FREES)
def test_transition_releases_the_lease(db: None, name: str, status: str) -> None:
    remix = _remix(status)

    MOVES[name][0](remix)

    row = _row(remix)
    assert (row["lease"], row["leased_until"]) == (None, None)


@pytest.mark.parametrize(("name", "status"), FREES)
def test_first_of_two_transitions_of_one_row_wins(db: None, name: str, status: str) -> None:
    first = _remix(status)
    second = Remix.objects.get(pk=first.pk)
    MOVES[name][0](first)
    after = _row(first)

    with pytest.raises(InvalidTransition):
        MOVES[name][0](second)

    assert _row(first) == after


@pytest.mark.parametrize("name", NEEDS_THE_CLAIM)
@pytest.mark.parametrize("lease", [None, uuid4()], ids=["freed", "claimed by another"])
def test_worker_that_lost_its_lease_changes_nothing(db: None, name: str, lease: Any) -> None:
    remix = _remix(P)
    Remix.objects.update(lease=lease)
    before = _row(remix)

    with pytest.raises(InvalidTransition):
        MOVES[name][0](remix)

    assert _row(remix) == before


@pytest.mark.parametrize("status", [P, T])
def test_lease_is_kept_while_files_are_copied(db: None, status: str) -> None:
    remix = _remix(status)

    remix.start_storing()

    assert (_row(remix)["lease"], _row(remix)["leased_until"]) == (remix.lease, remix.leased_until)


@pytest.mark.parametrize("status", [S, U])
def test_accepted_remix_has_its_request_id_and_no_error(db: None, status: str) -> None:
    remix = _remix(status, request_id="", error_code="old")

    remix.accepted("fal-1")

    row = _row(remix)
    assert (row["request_id"], row["error_code"], row["error_message"]) == ("fal-1", "", "")
    assert row["submitted_at"]


def test_accepted_remix_keeps_its_first_request_id(db: None) -> None:
    remix = _remix(S, request_id="")
    late = Remix.objects.get(pk=remix.pk)
    remix.accepted("fal-1")

    with pytest.raises(InvalidTransition):
        late.accepted("fal-2")

    assert _row(remix)["request_id"] == "fal-1"


@pytest.mark.parametrize("name", ["not_sent", "requeued"])
def test_unsent_remix_is_due_later_and_has_no_trace_of_the_try(db: None, name: str) -> None:
    remix = _remix(S)

    MOVES[name][0](remix)

    assert (_row(remix)["due_at"], _row(remix)["submitted_at"]) == (LATER, None)


@pytest.mark.parametrize(
    ("name", "status", "failures"),
    [
        ("not_sent", S, 4),
        ("postpone", P, 4),
        ("postpone", T, 4),
        ("requeued", S, 0),
        ("check_again", P, 0),
        ("check_again", T, 0),
        ("accepted", S, 0),
        ("completed", P, 0),
        ("reopen", Status.FAILED, 0),
    ],
)
def test_consecutive_failures_are_counted_until_a_step_succeeds(
    db: None, name: str, status: str, failures: int
) -> None:
    remix = _remix(status)
    since = remix.failing_since if failures else None

    MOVES[name][0](remix)

    assert (_row(remix)["failures"], _row(remix)["failing_since"]) == (failures, since)


def test_time_of_the_first_failure_is_stored(db: None) -> None:
    remix = _remix(P, failures=0, failing_since=None)

    remix.postpone(LATER)

    assert (remix.failures, _row(remix)["failures"]) == (1, 1)
    assert _row(remix)["failing_since"] > ago(minutes=1)


@pytest.mark.parametrize(
    ("fail", "status"),
    [
        (lambda remix: remix.postpone(LATER, gettext_lazy("HTTP 503")), P),
        (lambda remix: remix.postpone(LATER, "HTTP 503"), T),
        (lambda remix: remix.not_sent(LATER, "HTTP 503"), S),
    ],
)
def test_failed_step_stores_the_reason(
    db: None, fail: Callable[[Remix], None], status: str
) -> None:
    remix = _remix(status)

    fail(remix)

    assert _row(remix)["error_message"] == "HTTP 503"


@pytest.mark.parametrize(
    ("name", "status"),
    [
        *(("requeued", S), ("not_ready", S), ("accepted", S), ("check_again", P)),
        *(("check_again", T), ("completed", P), ("succeed", T), ("reopen", Status.FAILED)),
    ],
)
def test_reason_is_deleted_once_the_step_succeeds(db: None, name: str, status: str) -> None:
    remix = _remix(status)

    MOVES[name][0](remix)

    assert _row(remix)["error_message"] == ""


def test_search_for_evidence_keeps_the_reason_of_the_missing_answer(db: None) -> None:
    remix = _remix(U)

    remix.search_again()

    assert _row(remix)["error_message"] == "It went wrong."


def test_remix_without_an_answer_has_a_reason_and_is_due_at_once(db: None) -> None:
    remix = _remix(S)

    remix.unanswered(gettext_lazy("Nobody knows."))

    assert _row(remix)["error_message"] == "Nobody knows."
    assert _row(remix)["finished_at"] is None


def test_progress_of_fal_is_stored(db: None) -> None:
    remix = _remix(P)

    remix.check_again(LATER, position=3, log=["step 1"])

    assert (_row(remix)["queue_position"], _row(remix)["progress_log"]) == (3, ["step 1"])


def test_check_without_progress_keeps_the_last_one(db: None) -> None:
    remix = _remix(P, queue_position=3, progress_log=["step 1"])

    remix.check_again(LATER)

    assert (_row(remix)["queue_position"], _row(remix)["progress_log"]) == (3, ["step 1"])


@pytest.mark.parametrize("name", ["completed", "cancelled_at_fal", "fail"])
def test_progress_is_deleted_once_fal_has_finished(db: None, name: str) -> None:
    remix = _remix(P, queue_position=3, progress_log=["step 1"])

    MOVES[name][0](remix)

    assert (_row(remix)["queue_position"], _row(remix)["progress_log"]) == (None, [])


def test_completed_remix_has_its_time(db: None) -> None:
    remix = _remix(P)

    remix.completed()

    row = _row(remix)
    assert row["completed_at"] == row["due_at"] > ago(minutes=1)


@pytest.mark.parametrize(
    ("name", "status"), [("refused", S), ("fail", Q), ("fail", P), ("fail", T)]
)
def test_failed_remix_has_a_reason_and_a_time_and_keeps_its_request_id(
    db: None, name: str, status: str
) -> None:
    remix = _remix(status)

    MOVES[name][0](remix)

    row = _row(remix)
    assert (row["error_code"], row["error_message"], row["request_id"]) == ("no", "No.", "fal-0")
    assert row["finished_at"] > ago(minutes=1)


def test_too_long_error_code_is_cut(db: None) -> None:
    remix = _remix(P)

    remix.fail("x" * 150, "No.")

    assert _row(remix)["error_code"] == "x" * 100


def test_cancelled_remix_has_its_time(db: None) -> None:
    remix = _remix(Q)

    remix.cancel()

    assert _row(remix)["finished_at"] > ago(minutes=1)


def test_reopened_remix_waits_for_its_result(db: None) -> None:
    remix = _remix(Status.FAILED, error_code="result_refused", finished_at=ago(days=1))

    remix.reopen()

    row = _row(remix)
    assert (row["error_code"], row["error_message"], row["finished_at"]) == ("", "", None)
    assert list(Remix.objects.finished_at_fal().due()) == [remix]


def test_remix_that_fal_never_accepted_can_not_be_reopened(db: None) -> None:
    remix = _remix(Status.FAILED, request_id="")

    with pytest.raises(InvalidTransition, match="fal never accepted it"):
        remix.reopen()

    assert _row(remix)["status"] == Status.FAILED


def test_succeeded_remix_has_its_result(db: None) -> None:
    remix = _remix(T, error_code="old")
    result = make_video()

    remix.succeed(result)

    row = _row(remix)
    assert (row["result_id"], row["error_code"], row["error_message"]) == (result.pk, "", "")
    assert row["finished_at"] > ago(minutes=1)


def test_files_are_taken_that_are_named_and_others_are_left_to_the_sweep(db: None) -> None:
    remix = _remix(T)

    PendingFile.objects.take_results({remix.pk: FILES[:1]})

    assert [pending.name for pending in remix.pending_files.all()] == FILES[1:]


def _condemn(remix: Remix) -> None:
    remix.pending_files.filter(name="a.jpg").update(is_condemned=True)


def _remove(remix: Remix) -> None:
    remix.pending_files.filter(name="a.jpg").delete()


def _give_away(remix: Remix) -> None:
    remix.pending_files.filter(name="a.jpg").update(remix=make_remix())


@pytest.mark.parametrize("lose", [_condemn, _remove, _give_away])
def test_file_is_not_taken_that_a_remix_no_longer_owns(
    db: None, lose: Callable[[Remix], None]
) -> None:
    remix = _remix(T)
    lose(remix)
    before = PendingFile.objects.count()

    with pytest.raises(InvalidTransition, match="files were removed"), transaction.atomic():
        PendingFile.objects.take_results({remix.pk: FILES})

    assert PendingFile.objects.count() == before


def test_files_of_several_remixes_are_taken_together_or_not_at_all(db: None) -> None:
    both = {remix.pk: [f"{remix.pk}.mp4"] for remix in (make_remix(), make_remix())}
    for pk, [name] in both.items():
        PendingFile.objects.create(remix_id=pk, name=name)
    first, second = both

    with pytest.raises(InvalidTransition), transaction.atomic():
        PendingFile.objects.take_results({first: both[first], second: ["lost.mp4"]})
    assert PendingFile.objects.count() == 2

    PendingFile.objects.take_results(both)
    assert not PendingFile.objects.exists()


def test_storing_of_several_starts_unless_one_is_held_by_another_worker(db: None) -> None:
    lease = uuid4()
    both = [make_remix(status=P, request_id=name, lease=lease) for name in "ab"]

    assert Remix.objects.start_storing(both, Decimal(4))
    assert {(one.status, one.billable_units) for one in both} == {(T, Decimal(4))}

    Remix.objects.filter(pk=both[1].pk).update(lease=uuid4())
    assert not Remix.objects.start_storing(both, Decimal(5))
    assert both[1].billable_units == Decimal(4)


def test_simultaneous_transitions_of_one_row_happen_once(transactional_db: None) -> None:
    pk = _remix(S).pk

    def accept() -> bool:
        try:
            Remix.objects.get(pk=pk).accepted(uuid4().hex)
        except InvalidTransition:
            return False
        return True

    assert sorted(at_once(accept, times=4)) == [False, False, False, True]


SIGNALS = [
    ("succeed", T, ["succeeded"]),
    ("fail", P, ["failed"]),
    ("refused", S, ["failed"]),
    ("cancel", Q, []),
    ("accepted", S, []),
    ("unanswered", S, []),
    ("reopen", Status.FAILED, []),
]


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Remix]]:
    """Calls of the receivers of our signals."""
    told = []

    def succeeded(remix: Remix, **_signal: Any) -> None:
        told.append(("succeeded", remix))

    def failed(remix: Remix, **_signal: Any) -> None:
        told.append(("failed", remix))

    for signal, receiver in ((remix_succeeded, succeeded), (remix_failed, failed)):
        monkeypatch.setattr(signal, "receivers", [])
        signal.connect(receiver, weak=False)
    return told


@pytest.mark.parametrize(("name", "status", "expected"), SIGNALS)
def test_signal_is_sent_after_the_commit(
    db: None,
    told: list[tuple[str, Remix]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    name: str,
    status: str,
    expected: list[str],
) -> None:
    remix = _remix(status)

    with django_capture_on_commit_callbacks(execute=True):
        MOVES[name][0](remix)
        before = list(told)

    assert (before, told) == ([], [(signal, remix) for signal in expected])


@pytest.mark.parametrize(("name", "status", "_expected"), SIGNALS[:3])
def test_signal_is_not_sent_after_a_rollback(
    db: None,
    told: list[tuple[str, Remix]],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    name: str,
    status: str,
    _expected: object,
) -> None:
    remix = _remix(status)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        MOVES[name][0](remix)
        transaction.set_rollback(True)

    assert (told, _row(remix)["status"]) == ([], status)


@pytest.mark.parametrize(("name", "status", "expected"), SIGNALS[:3])
def test_failing_receiver_affects_neither_the_row_nor_other_receivers(
    transactional_db: None,
    told: list[tuple[str, Remix]],
    name: str,
    status: str,
    expected: list[str],
) -> None:
    def broken(**_signal: Any) -> None:
        raise RuntimeError("The site's own code broke.")

    for signal in (remix_succeeded, remix_failed):
        signal.receivers.insert(0, signal.receivers[0])
        signal.connect(broken, weak=False)
        signal.receivers.reverse()
    remix = _remix(status)

    MOVES[name][0](remix)

    assert _row(remix)["status"] == MOVES[name][1][status]
    assert set(told) == {(signal, remix) for signal in expected}


def test_remix_is_displayed_by_its_number() -> None:
    assert str(Remix(pk=7)) == "Remix 7"
