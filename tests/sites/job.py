"""The main job from an upload to an approved result, with the settings of the site."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import django

django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django_q.models import Schedule  # noqa: E402

from example_project.fal_sandbox.process import SandboxProcess  # noqa: E402
from sora_remix import media  # noqa: E402
from sora_remix.models import Remix, Video  # noqa: E402
from tests.processes import Qcluster, wait_until  # noqa: E402

from .editor import Editor  # noqa: E402
from .lag import LaggingReplicas  # noqa: E402

LAG_SECONDS = 5.0
SWEEP = "import django; django.setup(); from sora_remix.tasks import sweep; sweep()"
"""What the schedule does each minute."""
Status = Remix.Status


def run(site: str, sandbox: SandboxProcess, folder: Path, clip: Path) -> int:
    """Go through the job; return 0 if it came out right."""
    logging.disable(logging.INFO)
    _migrate()
    cluster = Qcluster(folder / "media", os.environ["DJANGO_SETTINGS_MODULE"])
    try:
        with _replicas():
            editor = Editor()
            editor.upload(clip)
            editor.set_budgets()
            if site == "killed":
                _confirm_and_be_killed(sandbox, folder / "confirmed")
            elif site == "sync":
                _confirm(editor)
                assert not sandbox.accepted()
            else:
                cluster.start()
                _confirm(editor)
            if site in ("sync", "killed"):
                _switch_sync_off(cluster)
            _see_it_through(site, sandbox, editor)
    except Exception:
        logging.exception("It did not go through on the site “%s”", site)
        print(cluster.log)
        return 1
    finally:
        cluster.stop()
    return 0


def _migrate() -> None:
    """Migrate each database but the replicas; the sweep is scheduled once, where its broker is."""
    for alias, database in settings.DATABASES.items():
        if not _primary(database):
            call_command("migrate", database=alias, verbosity=0)
    queue = settings.Q_CLUSTER["orm"]
    print("Schedules of the sweep:", *Schedule.objects.using(queue).values_list("func", flat=True))
    assert Schedule.objects.using(queue).count() == 1


def _replicas() -> AbstractContextManager[object]:
    primaries = {
        str(database["NAME"]): str(settings.DATABASES[primary]["NAME"])
        for database in settings.DATABASES.values()
        if (primary := _primary(database))
    }
    return LaggingReplicas(primaries, LAG_SECONDS) if primaries else nullcontext()


def _primary(database: dict[str, Any]) -> str:
    """Return of which database another one is a replica, if it is any."""
    return database.get("TEST", {}).get("MIRROR") or ""


def _confirm(editor: Editor) -> None:
    print("Confirmed:", editor.remix().status)


def _confirm_and_be_killed(sandbox: SandboxProcess, confirmed: Path) -> None:
    """Kill the process that confirms, once fal has the remix or the editor was answered."""
    process = subprocess.Popen([sys.executable, "-m", "tests.sites.confirm", str(confirmed)])
    try:
        wait_until(lambda: bool(sandbox.accepted()) or confirmed.exists())
        assert process.poll() is None
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()
    print("Killed after the confirmation; accepted by fal:", len(sandbox.accepted()))


def _switch_sync_off(cluster: Qcluster) -> None:
    os.environ["SORA_REMIX_SITES_SYNC"] = "off"
    cluster.start()
    subprocess.run([sys.executable, "-c", SWEEP], check=True)


def _see_it_through(site: str, sandbox: SandboxProcess, editor: Editor) -> None:
    """Wait for the result, and see whether it is what was paid for, once."""
    wait_until(lambda: not Remix.objects.unsettled().exists())
    remix = Remix.objects.get()
    print(f"It {remix.status}; accepted by fal: {len(sandbox.accepted())}")
    assert remix.status == Status.SUCCEEDED, f"{remix.error_code}: {remix.error_message}"
    assert len(sandbox.accepted()) == 1
    assert remix.result
    with remix.result.file.open() as file:
        print(f"In the storage: {media.video_facts(file.file)}")
    editor.look_around(remix)
    assert Video.objects.approved().filter(remix=remix).exists()
    editor.leave()
    remix.refresh_from_db()
    assert remix.requested_by_id is None
    if "replica" in site:
        call_command("sora_remix_doctor")
