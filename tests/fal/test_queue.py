"""Status, results and cancellation at fal's queue, over the wire."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

import pytest
from fal_client.auth import MissingCredentialsError

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.endpoints import SORA_2
from sora_remix.exceptions import NotReady, RemoteCancelled, RemoteFailure, TryLater
from sora_remix.fal import credentials, queue
from sora_remix.request_pool import wait_for

ID = SORA_2.endpoint_id
BODY = {"video_id": "video_clip", "prompt": "make it noir", "delete_video": False}


def accepted() -> str:
    answer = wait_for(fal.submit(ID, BODY))
    assert isinstance(answer, fal.Accepted)
    return answer.request_id


def progress(request_id: str) -> fal.Progress:
    return wait_for(fal.progress(ID, request_id))


def result(request_id: str) -> fal.Result:
    return wait_for(fal.result(ID, request_id, SORA_2.outputs))


def finished(request_id: str) -> str:
    async def poll() -> None:
        async with asyncio.timeout(60):
            while not (await fal.progress(ID, request_id)).is_finished:
                await asyncio.sleep(0.05)

    wait_for(poll())
    return request_id


def test_calls_take_turns_with_clients_that_are_reused() -> None:
    one_round = [queue._client() for _ in range(queue.CLIENTS)]
    next_round = [queue._client() for _ in range(queue.CLIENTS)]

    assert len(set(one_round)) == queue.CLIENTS
    assert next_round == one_round


def test_remix_in_progress_waits_for_a_missing_key(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = accepted()

    async def no_key() -> None:
        raise MissingCredentialsError

    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setattr(credentials, "fetch_auth_credentials_async", no_key)

    with pytest.raises(TryLater):
        progress(request_id)
    with pytest.raises(TryLater):
        result(request_id)


def test_progress_goes_from_the_queue_to_finished(sandbox: SandboxProcess) -> None:
    sandbox.timing(queue_seconds=600)

    waiting = progress(accepted())

    assert waiting == fal.Progress(is_finished=False, position=0)
    sandbox.timing(queue_seconds=0, run_seconds=0.1)
    assert finished(accepted())


def _running(sandbox: SandboxProcess, logs: Any) -> fal.Progress:
    request_id = accepted()
    body = {"status": "IN_PROGRESS", "logs": logs}
    sandbox.misbehave("status", "answer", status=202, body=body)
    return progress(request_id)


def test_running_request_has_its_last_log_lines(sandbox: SandboxProcess) -> None:
    logs = [{"message": f"step {number}\n", "level": "INFO"} for number in range(9)]

    running = _running(sandbox, logs)

    lines = tuple(f"step {number}" for number in range(4, 9))
    assert running == fal.Progress(is_finished=False, logs=lines)


@pytest.mark.parametrize(
    ("logs", "lines"),
    [
        (None, ()),
        ("step 1", ()),
        ([None, {}, {"message": 7}, {"message": " "}], ()),
        ([{"message": "x" * 201}], ("x" * 200,)),
        ([{"message": "a\x00\x1b[2J\u202eb\n c"}], ("a[2Jb c",)),
    ],
)
def test_logs_are_kept_as_short_printable_lines(
    sandbox: SandboxProcess, logs: Any, lines: tuple[str, ...]
) -> None:
    assert _running(sandbox, logs).logs == lines


@pytest.mark.parametrize("position", ["3", -1, 2**31, 10**400, 1.5, True, None])
def test_invalid_queue_position_is_not_kept(sandbox: SandboxProcess, position: Any) -> None:
    request_id = accepted()
    body = {"status": "IN_QUEUE", "queue_position": position}
    sandbox.misbehave("status", "answer", status=202, body=body)

    assert progress(request_id) == fal.Progress(is_finished=False)


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("garbage", {}),
        ("answer", {"status": 200, "body": {"status": "PAUSED"}}),
        ("answer", {"status": 200, "body": {"status": "IN_PROGRESS"}}),
        ("answer", {"status": 200, "body": []}),
        ("answer", {"status": 500, "body": ""}),
        ("answer", {"status": 401, "body": {"detail": "key"}}),
        ("answer", {"status": 404, "body": {"status": "NOT_FOUND"}}),
    ],
)
def test_meaningless_status_is_requested_again(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    request_id = accepted()
    sandbox.misbehave("status", fault, **parameters)

    with pytest.raises(TryLater):
        progress(request_id)


@pytest.mark.parametrize(
    ("kind", "call"),
    [
        ("status", progress),
        ("result", result),
        ("cancel", lambda request_id: wait_for(fal.cancel(ID, request_id))),
    ],
)
@pytest.mark.parametrize("fault", ["bomb", "drip"])
@pytest.mark.usefixtures("broken_handshakes")
def test_endless_answer_is_abandoned(
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    call: Callable[[str], Any],
    fault: str,
) -> None:
    request_id = finished(accepted())
    monkeypatch.setattr(queue, "ASK_SECONDS", 2)
    sandbox.misbehave(kind, fault)

    with pytest.raises(TryLater, match=r"more than|Timeout"):
        call(request_id)


NESTED = '{"status": "COMPLETED", "logs": [], "detail": ' + "[" * 100_000
HUGE = '{"status": "COMPLETED", "logs": [], "detail": ' + "9" * 5000 + "}"


@pytest.mark.parametrize("status", [200, 202, 422, 500])
@pytest.mark.parametrize("body", [NESTED, HUGE])
@pytest.mark.parametrize(
    ("kind", "call", "expected"),
    [
        ("status", progress, [TryLater]),
        ("result", result, [TryLater, RemoteFailure]),
        ("cancel", lambda request_id: wait_for(fal.cancel(ID, request_id)), [TryLater]),
    ],
)
def test_unparsable_json_is_a_meaningless_answer(
    sandbox: SandboxProcess,
    kind: str,
    call: Callable[[str], Any],
    expected: list[type[Exception]],
    body: str,
    status: int,
) -> None:
    request_id = accepted()
    sandbox.misbehave(kind, "answer", status=status, body=body)

    with suppress(*expected):
        call(request_id)


@pytest.mark.usefixtures("broken_handshakes")
def test_status_request_times_out(sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    request_id = accepted()
    sandbox.misbehave("status", "drop_before")
    monkeypatch.setattr(queue, "ASK_SECONDS", 0.5)

    with pytest.raises(TryLater):
        progress(request_id)


def test_result_has_all_files(sandbox: SandboxProcess) -> None:
    answer = result(finished(accepted()))

    assert answer.video_url.startswith(f"{sandbox.url}/files/")
    assert answer.sora_id.startswith("video_")
    assert answer.thumbnail_url
    assert answer.spritesheet_url.endswith(".bin")


def test_result_needs_only_its_video(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("job", "no_extras")
    sandbox.misbehave("job", "output", merge={"video_id": None})

    answer = result(finished(accepted()))

    assert answer.video_url
    assert (answer.sora_id, answer.thumbnail_url, answer.spritesheet_url) == ("", "", "")


@pytest.mark.parametrize(
    ("url", "is_kept"),
    [
        ("https://fal.media/" + "x" * 4078, True),
        ("https://fal.media/" + "x" * 4079, False),
        ("https://fal.media/a\0b", False),
        ("https://fal.media/a\nb", False),
        ("https://fal.media/\ud83d", False),
        ("https://fal.media/\u202e4pm.exe", False),
    ],
)
def test_only_a_short_printable_url_is_used(
    sandbox: SandboxProcess, url: str, *, is_kept: bool
) -> None:
    request_id = finished(accepted())
    body = {"video": {"url": "https://fal.media/v.mp4"}, "thumbnail": {"url": url}}
    sandbox.misbehave("result", "answer", status=200, body=body, times=1)
    sandbox.misbehave("result", "answer", status=200, body={"video": {"url": url}})

    assert result(request_id).thumbnail_url == (url if is_kept else "")
    if not is_kept:
        with pytest.raises(RemoteFailure, match="no video"):
            result(request_id)


@pytest.mark.parametrize("sora_id", ["v" * 201, "a\0", "a\ud83d", "a\n", 7, ["x"]])
def test_sora_id_that_does_not_fit_its_column_is_none(
    sandbox: SandboxProcess, sora_id: object
) -> None:
    request_id = finished(accepted())
    body = {"video": {"url": "https://fal.media/v.mp4"}, "video_id": sora_id}
    sandbox.misbehave("result", "answer", status=200, body=body)

    assert result(request_id).sora_id == ""


@pytest.mark.parametrize(
    ("code", "kept"),
    [
        ("a\ud83d", "a"),
        ("a\0b\x1b[2J\nc", "ab[2J c"),
        ("x" * 1000, "x" * 100),
        ("\0", "http_422"),
        (7, "http_422"),
        (["x"], "http_422"),
    ],
)
def test_error_code_fits_its_column(sandbox: SandboxProcess, code: object, kept: str) -> None:
    request_id = finished(accepted())
    body = {"detail": [{"type": code}]}
    sandbox.misbehave("result", "answer", status=422, body=body)

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert failure.value.code == kept
    assert str(failure.value).isprintable()


def test_error_in_the_status_is_cleaned(sandbox: SandboxProcess) -> None:
    request_id = finished(accepted())
    error = {"error": "a\0\ud83d" + "b" * 1000, "error_type": "c\0" * 200}
    sandbox.misbehave("result", "answer", status=502, body="<html>nginx</html>")
    body = {"status": "COMPLETED", "logs": [], **error}
    sandbox.misbehave("status", "answer", status=200, body=body)

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert (failure.value.code, str(failure.value)) == ("c" * 100, "a" + "b" * 499)


def test_id_stays_one_segment_of_the_path(sandbox: SandboxProcess) -> None:
    with pytest.raises(TryLater):
        progress("a/b?c#d")

    assert sandbox.calls()["status"] == 1


def test_missing_result_is_no_error(sandbox: SandboxProcess) -> None:
    sandbox.timing(run_seconds=600)

    with pytest.raises(NotReady):
        result(accepted())


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (422, {"detail": [{"type": "content_policy_violation", "msg": ""}]},
         "content_policy_violation"),
        (422, {"detail": "only text"}, "http_422"),
        (422, {"detail": {"error": "EndpointDeprecated"}}, "endpoint_retired"),
        (504, {"detail": [{"type": "generation_timeout", "msg": ""}]}, "generation_timeout"),
        (503, {"detail": "…", "error_type": "runner_disconnected"}, "runner_disconnected"),
        (499, {"detail": "…", "error_type": "client_cancelled"}, "client_cancelled"),
        (200, {"video": None}, "result_missing"),
        (200, {"video": {"url": 7}}, "result_missing"),
        (200, {}, "result_missing"),
    ],
)  # fmt: skip
def test_failure_reported_by_fal_is_final(
    sandbox: SandboxProcess, status: int, body: object, code: str
) -> None:
    request_id = finished(accepted())
    sandbox.misbehave("result", "answer", status=status, body=body)

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert failure.value.code == code


def test_failure_is_read_from_the_status_when_a_gateway_hides_the_result(
    sandbox: SandboxProcess,
) -> None:
    sandbox.misbehave("job", "fail", http_status=504, error_type="request_timeout", detail="late")
    request_id = finished(accepted())
    sandbox.misbehave("result", "answer", status=502, body="<html>nginx</html>")

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert failure.value.code == "request_timeout"


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda sandbox: None,
        lambda sandbox: sandbox.misbehave("cancel", "answer", status=404, body=""),
        lambda sandbox: sandbox.misbehave("cancel", "answer", status=400, body=""),
    ],
)
def test_answered_cancellation_is_done(
    sandbox: SandboxProcess, misbehave: Callable[[SandboxProcess], None]
) -> None:
    sandbox.timing(queue_seconds=600)
    request_id = accepted()
    misbehave(sandbox)

    wait_for(fal.cancel(ID, request_id))

    assert sandbox.calls()["cancel"] == 1


def test_request_cancelled_in_the_queue_is_reported_as_cancelled(sandbox: SandboxProcess) -> None:
    sandbox.timing(queue_seconds=600)
    request_id = accepted()

    wait_for(fal.cancel(ID, request_id))

    with pytest.raises(RemoteCancelled):
        result(finished(request_id))


def test_unanswered_cancellation_is_requested_again(sandbox: SandboxProcess) -> None:
    request_id = accepted()
    sandbox.misbehave("cancel", "answer", status=500, body="")

    with pytest.raises(TryLater):
        wait_for(fal.cancel(ID, request_id))


@pytest.mark.parametrize(
    ("fault", "parameters", "error"),
    [
        ("garbage", {}, TryLater),
        ("drop_before", {}, TryLater),
        ("answer", {"status": 200, "body": ["a list"]}, TryLater),
        ("answer", {"status": 202, "body": {"status": "IN_PROGRESS"}}, NotReady),
        ("answer", {"status": 502, "body": "<html>nginx</html>"}, TryLater),
        ("answer", {"status": 401, "body": {"detail": "key"}}, TryLater),
        ("answer", {"status": 429, "body": {"detail": "slow"}}, TryLater),
        ("answer", {"status": 302, "body": ""}, TryLater),
    ],
)
def test_meaningless_result_is_requested_again(
    sandbox: SandboxProcess, fault: str, parameters: dict[str, Any], error: type[TryLater]
) -> None:
    request_id = finished(accepted())
    sandbox.misbehave("result", fault, **parameters)

    with pytest.raises(error):
        result(request_id)


@pytest.mark.parametrize(
    ("header", "units"),
    [("9.6", "9.6"), ("4.0", "4"), ("0", "0"), ("", None), ("many", None), ("NaN", None),
     ("-1", None), ("1e40", None)],
)  # fmt: skip
def test_result_has_the_billed_units(
    sandbox: SandboxProcess, header: str, units: str | None
) -> None:
    request_id = finished(accepted())
    body = {"video": {"url": "https://fal.media/v.mp4"}}
    headers = {"x-fal-billable-units": header}
    sandbox.misbehave("result", "answer", status=200, body=body, headers=headers)

    assert result(request_id).billable_units == (units and Decimal(units))


def test_source_that_fal_could_not_load_has_its_own_code(sandbox: SandboxProcess) -> None:
    request_id = finished(accepted())
    detail = [{"loc": ["body", "video_url"], "type": "file_download_error", "msg": ""}]
    sandbox.misbehave("result", "answer", status=422, body={"detail": detail})

    with pytest.raises(RemoteFailure) as failure:
        result(request_id)

    assert failure.value.code == "source_unreachable"
