"""What belongs to the site: settings, workers, the schedule, the storage, the rows."""

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
from ...logs import get_logger
from ...models import Chain, Remix, SourceCopy
from ...storage import app_storage, new_name
from .report import OK, PROBLEM, WARNING, Line, within

logger = get_logger(__name__)

NUDGE_SECONDS = 15.0
STORAGE_SECONDS = 60.0
PAUSE = 0.5
STORAGE_HINT = "Compare STORAGES and SORA_REMIX_STORAGE with the storage and its credentials."
CONTENT = b"Written by sora_remix_doctor; it can be deleted.\n"


def look_at_settings() -> Iterator[Line]:
    """Repeat what the system checks say of the app, and whether they find other errors."""
    found = checks.run_checks(app_configs=[apps.get_app_config("sora_remix")])
    found = [one for one in found if not one.is_silenced()]
    ours = [one for one in found if str(one.id).startswith("sora_remix.")]
    errors = sum(one.is_serious() for one in found if one not in ours)
    for one in ours:
        yield Line(_level(one), f"{one.msg} ({one.id})", one.hint or "")
    if errors:
        text = f"The system checks find errors elsewhere in the site: {errors}."
        yield Line(PROBLEM, text, "“manage.py check” names them.")
    elif not ours:
        yield Line(OK, "The system checks find no error in the settings.")


def _level(message: checks.CheckMessage) -> str:
    if message.is_serious():
        return PROBLEM
    return WARNING if message.level >= checks.WARNING else OK


def look_at_database() -> Iterator[Line]:
    """Say whether the app and django-q2 have their tables."""
    queue = [("django_q", using) for using in sorted(tasks.queue_databases())]
    found = [_tables(label, using) for label, using in [("sora_remix", alias()), *queue]]
    problems = list(dict.fromkeys(line for line in found if line))  # a database counts once
    yield from problems or [Line(OK, "The tables of the app and of django-q2 are there.")]


def _tables(label: str, using: str) -> Line | None:
    """Return what is wrong with the tables of an app, if anything is."""
    try:
        executor = MigrationExecutor(connections[using])
    except (DatabaseError, ConnectionDoesNotExist, ImproperlyConfigured) as error:
        text = f"The database “{using}” can't be used: {error}"
        return Line(PROBLEM, text, "Compare DATABASES with the server, and start that.")
    leaves = [node for node in executor.loader.graph.leaf_nodes() if node[0] == label]
    plan = executor.migration_plan(leaves)
    if not (many := sum(migration.app_label == label for migration, _backwards in plan)):
        return None
    text = f"Migrations of {label} that are missing in the database “{using}”: {many}."
    where = "" if using == DEFAULT_DB_ALIAS else f" --database={using}"
    return Line(PROBLEM, text, f"Run “manage.py migrate{where}”.")


def look_at_broker() -> Iterator[Line]:
    """Say whether the queue of django-q2 can be reached."""
    try:
        within(NUDGE_SECONDS, tasks.queue_size)
    except Exception as error:
        logger.debug("The broker can't be used", exc_info=True)
        yield Line(
            PROBLEM,
            f"The broker that Q_CLUSTER names can't be used: {error}",
            "Compare its address in Q_CLUSTER with the server, and start that. Remixes wait "
            "meanwhile and cost nothing.",
        )
    else:
        yield Line(OK, "The broker can be reached.")


def look_at_worker(timeout: float) -> Iterator[Line]:
    """Ask for a turn, and wait for a worker to take it."""
    if tasks.is_sync():
        yield Line(
            PROBLEM,
            "Q_CLUSTER has “sync”: tasks run inside the request, so nothing is sent to fal.",
            "Remove it and start “manage.py qcluster”; remixes that wait cost nothing.",
        )
        return
    end, seen = time.monotonic() + timeout, _chain()
    while True:
        within(NUDGE_SECONDS, tasks.nudge)
        now = _chain()
        if _has_moved(seen, now):
            yield Line(OK, "A worker takes its turns.")
            return
        if time.monotonic() >= end:
            break
        seen = now
        time.sleep(PAUSE)
    yield Line(
        PROBLEM,
        f"No worker has been active within {timeout:g} s.",
        "Start one by “manage.py qcluster”, with the settings and the FAL_KEY of the site, and "
        "keep it running; a busy one may need a longer --timeout.",
    )


def _chain() -> Chain:
    """Return the row as it is now; before the first turn ever, one as it is made."""
    return Chain.objects.filter(pk=1).first() or Chain(pk=1)


def _has_moved(seen: Chain, now: Chain) -> bool:
    """Tell what only a worker does from what everybody may do, which is to announce a turn."""
    if now.state == Chain.State.PENDING:
        return seen.state == Chain.State.PENDING and now.turn > seen.turn
    return (seen.turn, seen.state, seen.since) != (now.turn, now.state, now.since)


def look_at_schedule() -> Iterator[Line]:
    """Say whether the sweep is scheduled."""
    if tasks.is_sweep_scheduled():
        yield Line(OK, "The sweep is scheduled.")
    else:
        yield Line(
            PROBLEM,
            "The sweep is not scheduled: what dead workers leave behind stays behind.",
            "“manage.py migrate” schedules it, each minute.",
        )


def look_at_storage() -> Iterator[Line]:
    """Write a small file, read it and delete it."""
    url = within(STORAGE_SECONDS, _try_storage)
    yield Line(OK, f"The storage “{conf.SORA_REMIX_STORAGE}” can be written and read.")
    if conf.SORA_REMIX_SOURCE_DELIVERY == "url" and urlsplit(url).scheme != "https":
        yield Line(
            PROBLEM,
            f"fal can't fetch sources from the storage: its URLs are like {url.partition('?')[0]}.",
            "They have to begin with https://; or remove SORA_REMIX_SOURCE_DELIVERY, and sources "
            "are uploaded to fal.",
        )


def _try_storage() -> str:
    """Return the URL that the file had, if one is needed; raise what the storage raises."""
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


def look_at_pause() -> Iterator[Line]:
    """Say whether sending is paused, until when and why."""
    if not (pause := Chain.objects.pause()):
        yield Line(OK, "Sending to fal is not paused.")
        return
    reason = f": {pause.reason}" if pause.reason else "."
    yield Line(
        WARNING,
        f"Sending to fal is paused until {local(pause.until):%Y-%m-%d %H:%M:%S}{reason}",
        "Nothing is charged meanwhile. It resumes by itself; to end the pause now, press “Resume "
        "sending” above the list of remixes in the admin.",
    )


def look_at_remixes() -> Iterator[Line]:
    """Say how many remixes wait for a decision, and since when steps have failed, and why."""
    if count := Remix.objects.filter(status=Remix.Status.UNCONFIRMED).count():
        yield Line(
            WARNING,
            f"Remixes that are unconfirmed, and perhaps paid: {count}.",
            "Decide about them in the admin: their page says what can be done.",
        )
    else:
        yield Line(OK, "No remix is unconfirmed.")
    yield from _failing("Remixes", Remix.objects.unsettled())
    yield from _failing("Uploads to fal", SourceCopy.objects.to_upload())


def _failing(what: str, rows: QuerySet[Any]) -> Iterator[Line]:
    """Say of how many rows the present step fails, since when, and why it failed last."""
    failing = rows.filter(failing_since__isnull=False)
    first = failing.order_by("failing_since", "pk").first()
    if not first:
        return
    since = f"{local(first.failing_since):%Y-%m-%d %H:%M}"
    reason = f"; the oldest: {first.error_message}" if first.error_message else "."
    yield Line(
        WARNING,
        f"{what} whose present step fails: {failing.count()}, since {since}{reason}",
        "Failed steps are not charged, and the site keeps trying; the log of the workers has "
        "details.",
    )
