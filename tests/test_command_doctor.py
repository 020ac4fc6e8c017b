"""`manage.py sora_remix_doctor` checks everything, even if parts of it are broken."""

from __future__ import annotations

import io
import socket
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.cache import cache
from django.core.files.storage import FileSystemStorage
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db.migrations import Migration
from django.db.migrations.executor import MigrationExecutor
from django_q.brokers.redis_broker import Redis as RedisBroker
from django_q.conf import Conf
from django_q.models import Schedule
from pytest_django import Settings
from redis import Redis

from example_project.fal_sandbox.process import SandboxProcess
from example_project.fal_sandbox.webhooks import USER_ID
from sora_remix import tasks
from sora_remix.fal import webhook, webhook_keys
from sora_remix.management.doctor import local, remote
from sora_remix.management.doctor.examination import Examination, ReportLine, examine, within
from sora_remix.models import Chain, EndpointFact, SourceCopy
from sora_remix.models.status import Status
from tests.factories import ago, make_remix, moment
from tests.processes import Qcluster
from tests.storages import ClosingStorage, FolderStorage, NamingStorage, use_storage

pytestmark = pytest.mark.django_db(transaction=True)

State = Chain.State
FLUX, GROK = "blackforestlabs/flux-3/edit-video", "xai/grok-imagine-video/edit-video"


@pytest.fixture(autouse=True)
def site(
    sandbox: SandboxProcess,
    settings: Settings,
    media_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    asked_aside: None,
) -> Settings:
    """A healthy site whose worker runs each turn at once."""
    cache.clear()
    tasks.ensure_schedule("default")
    settings.SORA_REMIX_FAL_API_URL = sandbox.api_url
    settings.SORA_REMIX_JWKS_URL = f"{sandbox.url}/.well-known/jwks.json"
    settings.SORA_REMIX_ENDPOINT = "flux-3"
    settings.SORA_REMIX_MAX_RESULT_BYTES = 1024**2
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "orm": "default"}
    monkeypatch.setattr(tasks, "nudge", _take_a_turn)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    return settings


def _take_a_turn() -> None:
    turn = Chain.objects.announce()
    assert turn
    Chain.objects.admit(turn)


def _doctor(*args: str, **options: Any) -> tuple[list[str], str]:
    """Return the lines, and the error with which it ends if it does."""
    out = io.StringIO()
    try:
        call_command("sora_remix_doctor", *args, stdout=out, no_color=True, **options)
    except CommandError as error:
        return out.getvalue().splitlines(), f"{error} ({error.returncode})"
    return out.getvalue().splitlines(), ""


def _bad(*args: str, **options: Any) -> list[str]:
    """Return the lines that are not ok, each followed by what to do."""
    lines, _error = _doctor(*args, verbosity=0, **options)
    return [line for line in lines if not line.startswith("Problems: ")]


def _lines(look: Callable[[], Any]) -> list[tuple[str, str]]:
    return [(line.level, line.text) for line in examine(Examination("It", look))]


def test_healthy_site_has_a_line_for_each_part_and_exits_with_success() -> None:
    lines, error = _doctor()

    assert [line.split(":")[0].removeprefix("ok       ") for line in lines] == [
        "System checks found no error in the settings.",
        "The tables of the app and of django-q2 exist.",
        "The broker can be reached.",
        "The fal API key is valid and may read the list of requests.",
        "Endpoint flux-3, the default",
        "Endpoint sora-2",
        *(
            f"Endpoint {key}"
            for key in ("kling-o3", "kling-o3-pro", "wan-2.7", "gemini-omni", "grok")
        ),
        *(f"Endpoint {key}" for key in ("lucy-restyle", "luma-3.2", "happy-horse")),
        "The sweep is scheduled.",
        "A worker is running.",
        "Sending to fal is not paused.",
        "The storage “default” can be written and read.",
        "Webhooks are off",
        "No remix is unconfirmed.",
        "Problems",
    ]
    assert lines[-1] == "Problems: 0, warnings: 0."
    assert error == ""


def test_warnings_alone_exit_with_success(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("list", "answer", status=403, body={})

    lines, error = _doctor(verbosity=0)

    assert lines[0] == "warning  The fal API key may not read the list of requests."
    assert lines[1].startswith("         → Without that list, unconfirmed remixes")
    assert (lines[2], error) == ("Problems: 0, warnings: 1.", "")


def test_system_checks_of_the_app_are_repeated_and_stop_nothing(
    settings: Settings,
) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "ftp://127.0.0.1"
    settings.SORA_REMIX_ENDPONT = "typo"
    settings.Q_CLUSTER = {**settings.Q_CLUSTER, "orm": None}

    lines, error = _doctor()

    assert (
        lines[0]
        == "warning  There is no setting SORA_REMIX_ENDPONT. It has no effect. (sora_remix.W001)"
    )
    assert lines[1].startswith("         → Check its spelling")
    assert (
        "problem  SORA_REMIX_WEBHOOK_BASE_URL is not an https URL with only a scheme and a host. "
        "(sora_remix.E004)"
    ) in lines
    assert any(line.startswith("ok ") and line.endswith("(sora_remix.I001)") for line in lines)
    assert error.startswith("Problems: 1, ")
    assert error.endswith("(1)")


def test_silenced_checks_are_not_repeated(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPONT = "typo"
    settings.SILENCED_SYSTEM_CHECKS = ["sora_remix.W001"]

    assert _bad() == []


def test_other_errors_of_the_site_are_counted(settings: Settings) -> None:
    settings.TEMPLATES = []

    lines = _bad()

    assert lines[0].startswith("problem  System checks found errors elsewhere in the site: ")
    assert lines[1] == "         → Run “manage.py check” to see them."


def test_missing_tables_are_reported_with_the_command_that_creates_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    initial = Migration("0001_initial", "sora_remix")
    plan = [(initial, False), (Migration("0001_initial", "auth"), False)]
    monkeypatch.setattr(MigrationExecutor, "migration_plan", lambda _self, nodes: plan)

    lines, error = _doctor()

    missing = "problem  Migrations of sora_remix missing in the database “default”: 1."
    assert lines[lines.index(missing) + 1] == "         → Run “manage.py migrate”."
    assert "warning  The workers: not checked. Fix this first: The database." in lines
    assert "ok       The storage “default” can be written and read." in lines
    assert error.startswith("Problems: 1, ")


def test_missing_database_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "queue_databases", lambda: {"typo"})

    assert _bad()[0] == (
        "problem  The database “typo” can't be used: The connection 'typo' doesn't exist."
    )


def test_site_without_django_q_is_told_to_install_it(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apps, "is_installed", lambda name: name != "django_q")

    lines, error = _doctor()

    assert lines[0] == (
        "problem  “django_q” is not in INSTALLED_APPS, so nothing is sent to fal or collected. "
        "(sora_remix.E010)"
    )
    assert "warning  The workers: not checked. Fix this first: The broker." in lines
    assert error.startswith("Problems: 2, ")


@pytest.mark.parametrize(
    ("key", "said"),
    [("bad-key", "fal refuses the API key."), ("kéy", "There is no valid fal API key")],
)
def test_invalid_key_is_a_problem(settings: Settings, key: str, said: str) -> None:
    settings.SORA_REMIX_FAL_KEY = key

    lines, error = _doctor()

    assert any(line.startswith(f"problem  {said}") for line in lines)
    assert error
    assert not any(key in line for line in lines)


def test_key_repeated_by_a_server_is_not_printed(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("list", "answer", status=500, body="sandbox-key")
    sandbox.misbehave("models", "answer", status=500, body="sandbox-key")

    lines = _bad()

    hint = f"         → {remote.NO_ANSWER}"
    assert lines == [
        "problem  Could not ask fal about the API key: HTTP 500: …",
        hint,
        "problem  Could not ask fal about the endpoints: HTTP 500: …",
        hint,
    ]


def test_unreadable_prices_are_a_warning(sandbox: SandboxProcess) -> None:
    sandbox.misbehave("pricing", "answer", status=500, body="")

    assert _bad() == ["warning  The prices could not be compared: HTTP 500:"]


def test_retirement_of_the_default_endpoint_is_a_problem(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "sora-2"

    assert _bad()[2:] == [
        "problem  Endpoint sora-2, the default: switched off on 2026-09-24, as recorded.",
        "         → Set SORA_REMIX_ENDPOINT to an endpoint that is available.",
    ]


def test_site_without_endpoint_setting_is_healthy_and_offers_a_current_one_first(
    settings: Settings,
) -> None:
    del settings.SORA_REMIX_ENDPOINT

    lines, error = _doctor()

    assert error == ""
    assert "ok       Endpoint flux-3, the default: available, as recorded." in lines


@pytest.mark.parametrize(("default", "level"), [("flux-3", "problem"), ("grok", "warning")])
def test_endpoint_retired_at_fal_is_reported(
    sandbox: SandboxProcess, settings: Settings, default: str, level: str
) -> None:
    settings.SORA_REMIX_ENDPOINT = default
    sandbox.endpoint(FLUX, gone=True)

    line, hint = _bad()

    assert line.startswith(f"{level}  Endpoint flux-3")
    assert f"fal does not list {FLUX}" in line
    assert hint.startswith("         → Use another one")


def test_drift_is_reported_briefly(sandbox: SandboxProcess) -> None:
    sandbox.endpoint(FLUX, unit_price=9)

    assert _bad() == [
        "warning  Endpoint flux-3, the default: differences between fal and the record: 1.",
        "         → Run “manage.py sora_remix_endpoints --check flux-3” to see them.",
    ]


def test_endpoint_that_is_back_is_reported() -> None:
    EndpointFact.objects.create(endpoint_id=GROK, retired_at=moment(2026, 11, 3))

    assert _bad()[0] == (
        "warning  Endpoint grok: deprecated by fal since 2026-11-03, but fal offers it again."
    )


def test_unknown_default_endpoint_is_a_problem(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINT = "typo"

    assert "problem  SORA_REMIX_ENDPOINT names “typo”, but there is no such endpoint." in _bad()


def test_unreadable_record_does_not_stop_the_other_checks(
    settings: Settings,
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"odd": {}}

    lines, _error = _doctor()

    assert any("SORA_REMIX_ENDPOINTS has an invalid record: odd: " in line for line in lines)
    assert "ok       No remix is unconfirmed." in lines


def test_missing_schedule_is_a_problem() -> None:
    Schedule.objects.update(repeats=0)
    assert _bad()[0].startswith("problem  The sweep is not scheduled")

    Schedule.objects.all().delete()
    assert _bad()[0].startswith("problem  The sweep is not scheduled")


def test_running_worker_is_found(
    qcluster: Qcluster, monkeypatch: pytest.MonkeyPatch, site: Settings
) -> None:
    monkeypatch.undo()
    qcluster.start()

    assert _lines(lambda: local.check_worker(180)) == [("ok", "A worker is running.")]


def test_site_without_a_worker_is_told_how_to_start_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks, "nudge", Chain.objects.announce)

    lines = _bad("--timeout", "0.5")

    assert lines[0] == "problem  No worker has been active within 0.5 s."
    assert "manage.py qcluster" in lines[1]


def test_unreachable_broker_is_a_problem_with_a_hint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    nobody = Redis.from_url("redis://127.0.0.1:1")
    monkeypatch.setattr(RedisBroker, "get_connection", lambda *_: nobody)
    monkeypatch.setattr(tasks, "get_broker", lambda: RedisBroker("tests"))

    lines = _bad()

    assert lines[0].startswith("problem  The broker in Q_CLUSTER can't be used: ")
    assert "127.0.0.1:1" in lines[0]
    assert "Check its address in Q_CLUSTER" in lines[1]
    assert lines[2:] == [
        "warning  The schedule: not checked. Fix this first: The broker.",
        "warning  The workers: not checked. Fix this first: The broker.",
    ]


@pytest.mark.parametrize(
    ("states", "moves"),
    [
        ([(3, State.IDLE, 0), (4, State.PENDING, 1), (4, State.RUNNING, 2)], True),
        ([(3, State.IDLE, 0), (4, State.RUNNING, 1)], True),
        ([(3, State.IDLE, 0), (4, State.IDLE, 1)], True),
        ([(4, State.PENDING, 0), (5, State.PENDING, 1)], True),
        ([(4, State.RUNNING, 0), (4, State.RUNNING, 1)], True),
        ([(4, State.RUNNING, 0), (4, State.RUNNING, 0), (4, State.IDLE, 1)], True),
        ([(4, State.RUNNING, 0), (5, State.PENDING, 1), (5, State.PENDING, 2)], False),
        ([(4, State.PENDING, 0), (4, State.PENDING, 1)], False),
        ([(3, State.IDLE, 0), (4, State.PENDING, 1)], False),
    ],
)
def test_worker_is_recognised_by_actions_of_workers(
    monkeypatch: pytest.MonkeyPatch, states: list[tuple[int, str, int]], *, moves: bool
) -> None:
    chains = [Chain(turn=turn, state=state, since=ago(days=-day)) for turn, state, day in states]
    waiting = iter([*chains, *[chains[-1]] * 10_000])
    monkeypatch.setattr(local, "_chain", lambda: next(waiting))
    monkeypatch.setattr(tasks, "nudge", lambda: None)

    [(level, _text)] = _lines(lambda: local.check_worker(0.2))

    assert (level == "ok") is moves


def _files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


@pytest.mark.parametrize(
    "storage", [FileSystemStorage, FolderStorage, NamingStorage, ClosingStorage]
)
def test_check_of_the_storage_leaves_no_file(
    media_root: Path, settings: Settings, storage: Any
) -> None:
    if storage is not FileSystemStorage:
        use_storage(settings, storage)

    assert _lines(local.check_storage)[0][0] == "ok"
    assert _files(media_root) == []


def test_unwritable_storage_is_a_problem(settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    settings.MEDIA_ROOT = str(tmp_path / "file")

    line, hint = _bad()

    assert line.startswith("problem  The storage could not be checked: ")
    assert "STORAGES" in hint


def test_storage_that_returns_other_content_is_a_problem(
    monkeypatch: pytest.MonkeyPatch, media_root: Path
) -> None:
    monkeypatch.setattr(FileSystemStorage, "open", lambda *_: io.BytesIO(b"other"))

    line, hint = _bad()
    assert (
        line == "problem  The storage could not be checked: what was read is not what was written"
    )
    assert "STORAGES" in hint
    assert _files(media_root) == []


def test_unresponsive_storage_times_out(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(local, "STORAGE_SECONDS", 0.01)
    monkeypatch.setattr(local, "_try_storage", lambda: threading.Event().wait(2))

    assert _bad()[0] == "problem  The storage could not be checked: no answer within 0.01 s"


@pytest.mark.parametrize(
    ("url", "levels"), [("/media/", ["ok", "problem"]), ("https://cdn.example.com/", ["ok"])]
)
def test_storage_needs_https_when_fal_fetches_from_it(
    settings: Settings, url: str, levels: list[str]
) -> None:
    settings.SORA_REMIX_SOURCE_DELIVERY = "url"
    settings.MEDIA_URL = url

    assert [level for level, _text in _lines(local.check_storage)] == levels


def _addresses(*addresses: str) -> Callable[..., Any]:
    return lambda *_args: [(0, 0, 0, "", (address, 0)) for address in addresses]


def _not_found(*_args: object) -> None:
    raise socket.gaierror("Name or service not known")


@pytest.mark.parametrize(
    ("found", "level", "said"),
    [
        (_addresses("10.0.0.1", "8.8.8.8"), "ok", "fal can call www.example.com at 10.0.0.1, "),
        (
            _addresses("10.0.0.1", "fe80::1%eth0"),
            "warning",
            "has no public address: 10.0.0.1, ",
        ),
        (
            _not_found,
            "problem",
            "The host “www.example.com” in SORA_REMIX_WEBHOOK_BASE_URL was not",
        ),
    ],
)
def test_host_of_the_webhook_is_resolved(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, found: Any, level: str, said: str
) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "https://www.example.com"
    settings.SORA_REMIX_WEBHOOK_USER_ID = USER_ID
    monkeypatch.setattr(socket, "getaddrinfo", found)
    monkeypatch.setattr(webhook_keys, "current", list)

    host, key_server = _lines(remote.check_webhooks)

    assert host[0] == level
    assert said in host[1]
    assert key_server[0] == "ok"


def test_unreadable_webhook_keys_are_a_problem(settings: Settings) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "http://127.0.0.1:8000"
    settings.SORA_REMIX_JWKS_URL = "http://127.0.0.1:9/jwks.json"

    lines = _bad()

    assert any(
        line.startswith("problem  fal's keys can't be read at http://127.0.0.1:9") for line in lines
    )


def test_way_to_find_the_account_is_explained(settings: Settings) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "http://127.0.0.1:8000"

    assert "in the site's log" in _bad()[-1]


def test_account_named_by_fal_is_shown(settings: Settings) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "http://127.0.0.1:8000"
    webhook.learn_account({"X-Fal-Webhook-User-Id": "account-1"})

    assert _bad()[-1] == '         → Set SORA_REMIX_WEBHOOK_USER_ID = "account-1".'


def test_unconfirmed_and_waiting_remixes_are_counted() -> None:
    since = moment(2026, 11, 3, 12, 30)
    make_remix(status=Status.UNCONFIRMED, failing_since=ago(days=900))
    make_remix(status=Status.PROCESSING, request_id="a", failing_since=since)
    make_remix(status=Status.QUEUED, failing_since=ago(seconds=5))
    make_remix(status=Status.QUEUED)

    lines = _bad()

    assert lines[0] == "warning  Unconfirmed remixes, for which you may have paid: 1."
    assert lines[2] == "warning  Remixes that keep failing: 2, since 2026-11-03 12:30."


def test_oldest_failure_of_remixes_and_uploads_is_shown_with_its_reason() -> None:
    since = moment(2026, 11, 3, 12, 30)
    for later, message in enumerate(("HTTP 503\nbusy", "ConnectError")):
        values = {"failing_since": since + timedelta(hours=later), "error_message": message}
        make_remix(status=Status.STORING, **values)
        SourceCopy.objects.create(name=message, **values)

    lines = _bad()

    end = "that keep failing: 2, since 2026-11-03 12:30. The oldest: HTTP 503 busy"
    assert (lines[0], lines[2]) == (f"warning  Remixes {end}", f"warning  Uploads to fal {end}")
    assert "the site keeps trying" in lines[1]


def test_pause_is_shown_with_its_end_and_reason() -> None:
    Chain.objects.hold_back(ago(minutes=-30), "HTTP 429: slow down")
    end = Chain.objects.get().held_until
    assert end

    lines = _bad()

    assert lines[0] == (
        f"warning  Sending to fal is paused until {end:%Y-%m-%d %H:%M:%S}: HTTP 429: slow down"
    )
    assert "“Resume sending”" in lines[1]


def test_site_that_runs_tasks_in_the_request_needs_no_worker(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)

    lines, error = _doctor()

    assert "problem  Q_CLUSTER has “sync”" in "\n".join(lines)
    assert error.startswith("Problems: 1, ")


def test_output_is_coloured_only_on_terminals() -> None:
    out = io.StringIO()

    call_command("sora_remix_doctor", stdout=out, force_color=True)

    assert "\x1b[32;1mok     \x1b[0m  A worker" in out.getvalue()


def test_interrupt_exits_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(local, "check_schedule", interrupt)

    with pytest.raises(CommandError) as interrupted:
        call_command("sora_remix_doctor", stdout=io.StringIO())
    assert interrupted.value.returncode == 130


def test_failing_check_becomes_a_line() -> None:
    def look() -> Any:
        yield ReportLine("ok", "first")
        raise ZeroDivisionError

    assert _lines(look) == [
        ("ok", "first"),
        ("problem", "It could not be checked: ZeroDivisionError"),
    ]


def test_error_during_a_wait_is_raised() -> None:
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)
