"""The key of admin scope is in two calls to fal, and nowhere else."""

from __future__ import annotations

import io

import pytest
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from django_q.tasks import async_task
from pytest_django import Settings

from example_project.fal_sandbox import ADMIN_KEY
from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import services
from sora_remix.models import AccountBalance, Remix, Video
from sora_remix.tasks import SWEEP
from tests.factories import ago
from tests.processes import Qcluster, family, said_of, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

REPEATED = f"You sent Key {ADMIN_KEY}. It is wrong."


def _titles(pid: int) -> str:
    """Return the command lines of a process and all it started."""
    return "".join(said_of(one, "cmdline") for one in family(pid))


def _database() -> str:
    rows = io.StringIO()
    call_command("dumpdata", stdout=rows)
    return rows.getvalue()


def _pages(client: Client, remix: Remix) -> str:
    names = ("remix_changelist", "remix_notices", "remixbatch_changelist", "video_changelist")
    urls = [reverse(f"admin:sora_remix_{name}") for name in names]
    urls += [
        reverse(f"admin:sora_remix_remix_{name}", args=[remix.pk]) for name in ("change", "history")
    ]
    return "".join(client.get(url).content.decode() for url in urls)


def _bill(remix: Remix) -> None:
    Remix.objects.filter(pk=remix.pk).update(bill_due_at=ago())
    async_task(SWEEP)


def test_admin_key_is_nowhere_but_in_its_calls(
    sandbox: SandboxProcess,
    qcluster: Qcluster,
    admin_client: Client,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SORA_REMIX_TESTS_API_URL", sandbox.api_url)
    monkeypatch.setenv("FAL_ADMIN_KEY", ADMIN_KEY)
    source = Video.objects.create(title="Clip", sora_id="video_clip", duration=1)
    remixes = services.request_remixes([source], ["make it noir", "something forbidden"])
    sandbox.misbehave("bill", "charge_failure", match="forbidden", units=2)
    qcluster.start()
    wait_until(lambda: not Remix.objects.unsettled().exists())

    _bill(remixes[1])
    wait_until(lambda: Remix.objects.filter(billed_cost="0.2").exists())
    sandbox.misbehave("billing", "answer", status=403, body=REPEATED)
    _bill(remixes[0])
    wait_until(lambda: "You sent Key …. It is wrong." in qcluster.log)

    assert sandbox.admin_calls().keys() == {"billing", "balance"}
    assert AccountBalance.objects.current() is not None
    assert "something forbidden" in _pages(admin_client, remixes[1])
    assert "something forbidden" in _database()
    for text in (qcluster.log, _titles(qcluster.pid), _database()):
        assert ADMIN_KEY not in text
    for remix in remixes:
        assert ADMIN_KEY not in _pages(admin_client, remix)
