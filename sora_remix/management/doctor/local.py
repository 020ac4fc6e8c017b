"""Check the site itself: settings, database, workers, schedule, storage and remixes."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.core import checks
from django.core.exceptions import ImproperlyConfigured
from django.core.files.base import ContentFile
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor
from django.db.models import QuerySet
from django.utils.connection import ConnectionDoesNotExist

from ... import tasks
from ...clock import local
from ...conf import conf
from ...database import alias
from ...fal import BILLING_URL, HoldCode
from ...logs import get_logger
from ...models import Chain, Hold, Remix, SourceCopy
from ...storage import app_storage, new_name
from ..labels import hold_label
from .examination import OK, PROBLEM, WARNING, ReportLine, within

logger = get_logger(__name__)

NUDGE_SECONDS = 15.0
STORAGE_SECONDS = 60.0
PAUSE = 0.5
STORAGE_HINT = "Check STORAGES, SORA_REMIX_STORAGE and the storage's credentials."
NEW_KEY = (
    "Set a valid SORA_REMIX_FAL_KEY, or FAL_KEY in the workers' environment, and restart the "
    "workers."
)
HOLD_HINTS: dict[str, str] = {
    HoldCode.KEY_MISSING: NEW_KEY,
    HoldCode.KEY_REFUSED: NEW_KEY,
    HoldCode.ACCOUNT_LOCKED: f"Add credit at {BILLING_URL}.",
}
CONTENT = b"Written by sora_remix_doctor; it can be deleted.\n"


def check_settings() -> Iterator[ReportLine]:
    """Report the system checks of the app, and whether others find errors."""
    found = checks.run_checks(app_configs=[apps.get_app_config("sora_remix")])
    found = [one for one in found if not one.is_silenced()]
    ours = [one for one in found if str(one.id).startswith("sora_remix.")]
    errors = sum(one.is_serious() for one in found if one not in ours)
    for one in ours:
        yield ReportLine(_level(one), f"{one.msg} ({one.id})", one.hint or "")
    if errors:
        text = f"System checks found errors elsewhere in the site: {errors}."
        yield ReportLine(PROBLEM, text, "Run “manage.py check” to see them.")
    elif not ours:
        yield ReportLine(OK, "System checks found no error in the settings.")


def _level(message: checks.CheckMessage) -> str:
    if message.is_serious():
        return PROBLEM
    return WARNING if message.level >= checks.WARNING else OK


def check_database() -> Iterator[ReportLine]:
    """Check the tables of the app and of django-q2."""
    queue = [("django_q", using) for using in sorted(tasks.queue_databases())]
    found = [_tables(label, using) for label, using in [("sora_remix", alias()), *queue]]
    problems = list(dict.fromkeys(line for line in found if line))  # each database once
    yield from problems or [ReportLine(OK, "The tables of the app and of django-q2 exist.")]


def _tables(label: str, using: str) -> ReportLine | None:
    """Return the problem with an app's tables, or None."""
    try:
        executor = MigrationExecutor(connections[using])
    except (DatabaseError, ConnectionDoesNotExist, ImproperlyConfigured) as error:
        text = f"The database “{using}” can't be used: {error}"
        return ReportLine(
            PROBLEM, text, "Check DATABASES, and make sure that the server is running."
        )
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == label]
    plan = executor.migration_plan(leaves)
    if not (many := sum(migration.app_label == label for migration, _backwards in plan)):
        return None
    text = f"Migrations of {label} missing in the database “{using}”: {many}."
    where = "" if using == DEFAULT_DB_ALIAS else f" --database={using}"
    return ReportLine(PROBLEM, text, f"Run “manage.py migrate{where}”.")


def check_broker() -> Iterator[ReportLine]:
    """Check that django-q2's broker can be reached."""
    try:
        within(NUDGE_SECONDS, tasks.queue_size)
    except Exception as error:
        logger.debug("The broker can't be used", exc_info=True)
        yield ReportLine(
            PROBLEM,
            f"The broker in Q_CLUSTER can't be used: {error}",
            "Check its address in Q_CLUSTER, and make sure that the server is running. Meanwhile, "
            "remixes wait and cost nothing.",
        )
    else:
        yield ReportLine(OK, "The broker can be reached.")


def check_worker(timeout: float) -> Iterator[ReportLine]:
    """Queue a turn, and wait until a worker takes it."""
    if tasks.is_sync():
        yield ReportLine(
            PROBLEM,
            "Q_CLUSTER has “sync” set: tasks run inside the request, so nothing is sent to fal.",
            "Remove it and start “manage.py qcluster”. Waiting remixes cost nothing.",
        )
        return
    end, seen = time.monotonic() + timeout, _chain()
    while True:
        within(NUDGE_SECONDS, tasks.nudge)
        now = _chain()
        if _has_moved(seen, now):
            yield ReportLine(OK, "A worker is running.")
            return
        if time.monotonic() >= end:
            break
        seen = now
        time.sleep(PAUSE)
    yield ReportLine(
        PROBLEM,
        f"No worker has been active within {timeout:g} s.",
        "Start “manage.py qcluster” with the site's settings and FAL_KEY, and keep it running. If "
        "your workers are busy, try a longer --timeout.",
    )


def _chain() -> Chain:
    """Return the current row, or an unsaved one before the first turn."""
    return Chain.objects.filter(pk=1).first() or Chain(pk=1)


def _has_moved(seen: Chain, now: Chain) -> bool:
    """Tell whether a worker has taken a turn. Announcing one doesn't count."""
    if now.state == Chain.State.PENDING:
        return seen.state == Chain.State.PENDING and now.turn > seen.turn
    return (seen.turn, seen.state, seen.since) != (now.turn, now.state, now.since)


def check_schedule() -> Iterator[ReportLine]:
    """Check that the sweep is scheduled."""
    if tasks.is_sweep_scheduled():
        yield ReportLine(OK, "The sweep is scheduled.")
    else:
        yield ReportLine(
            PROBLEM,
            "The sweep is not scheduled, so nobody finishes the work of dead workers.",
            "Run “manage.py migrate” to schedule it for every minute.",
        )


def check_storage() -> Iterator[ReportLine]:
    """Write, read and delete a small file."""
    url = within(STORAGE_SECONDS, _try_storage)
    yield ReportLine(OK, f"The storage “{conf.SORA_REMIX_STORAGE}” can be written and read.")
    if conf.SORA_REMIX_SOURCE_DELIVERY == "url" and urlsplit(url).scheme != "https":
        yield ReportLine(
            PROBLEM,
            f"fal can't load sources from the storage, because its URLs look like "
            f"{url.partition('?')[0]}.",
            "Use a storage with https URLs, or remove SORA_REMIX_SOURCE_DELIVERY to upload sources "
            "to fal.",
        )


def _try_storage() -> str:
    """Return the file's URL if fal needs it. Raise whatever the storage raises."""
    storage = app_storage()
    name = storage.save(new_name("doctor", ".txt"), ContentFile(CONTENT))
    try:
        with storage.open(name) as file:
            if file.read() != CONTENT:
                raise OSError("what was read is not what was written")
        return storage.url(name) if conf.SORA_REMIX_SOURCE_DELIVERY == "url" else ""
    finally:
        with suppress(FileNotFoundError):
            storage.delete(name)


def check_pause() -> Iterator[ReportLine]:
    """Report whether sending is paused or the account is held, until when and why."""
    if hold := Chain.objects.hold():
        yield _describe_hold(hold)
        return
    if not (pause := Chain.objects.pause()):
        yield ReportLine(OK, "Sending to fal is not paused.")
        return
    reason = f": {pause.reason}" if pause.reason else "."
    yield ReportLine(
        WARNING,
        f"Sending to fal is paused until {local(pause.until):%Y-%m-%d %H:%M:%S}{reason}",
        "Nothing is charged meanwhile, and sending resumes by itself. To resume it now, press "
        "“Resume sending” above the list of remixes in the admin.",
    )


def _describe_hold(hold: Hold) -> ReportLine:
    next_try = f"at {local(hold.next_try):%H:%M:%S}" if hold.next_try else "with the next remix"
    return ReportLine(
        PROBLEM,
        hold_label(hold),
        f"{HOLD_HINTS[hold.code]} Remixes wait and cost nothing. The site tries again by itself "
        f"{next_try}. To try at once, press “Try now” above the list of remixes in the admin.",
    )


def check_remixes() -> Iterator[ReportLine]:
    """Report unconfirmed remixes, and steps that keep failing."""
    if count := Remix.objects.filter(status=Remix.Status.UNCONFIRMED).count():
        yield ReportLine(
            WARNING,
            f"Unconfirmed remixes, for which you may have paid: {count}.",
            "Decide on each of them in the admin. Its page shows the choices.",
        )
    else:
        yield ReportLine(OK, "No remix is unconfirmed.")
    yield from _failing("Remixes", Remix.objects.unsettled())
    yield from _failing("Uploads to fal", SourceCopy.objects.to_upload())


def _failing(what: str, rows: QuerySet[Any]) -> Iterator[ReportLine]:
    """Report how many rows keep failing, since when, and why the oldest failed last."""
    failing = rows.filter(failing_since__isnull=False)
    first = failing.order_by("failing_since", "pk").first()
    if not first:
        return
    since = f"{local(first.failing_since):%Y-%m-%d %H:%M}"
    reason = f". The oldest: {first.error_message}" if first.error_message else "."
    yield ReportLine(
        WARNING,
        f"{what} that keep failing: {failing.count()}, since {since}{reason}",
        "Failed attempts cost nothing, and the site keeps trying. The workers' log has details.",
    )
