"""An account is locked, or its key revoked, in the middle of a batch, with real workers."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal, services
from sora_remix.models import Chain, Remix, Video
from tests.processes import Qcluster, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
MANY, BEFORE, PROBES = 50, 20, 3


def _lock(sandbox: SandboxProcess) -> None:
    sandbox.lock_account(after=BEFORE)


def _revoke(sandbox: SandboxProcess) -> None:
    sandbox.revoke_key(after=BEFORE)


def _is_held() -> bool:
    """Tell whether the account is held and no request is on its way."""
    return bool(Chain.objects.hold()) and not _with(Status.SUBMITTING)


def _with(*statuses: str) -> int:
    return Remix.objects.filter(status__in=statuses).count()


def _let_time_pass() -> None:
    """Let the next probe be due, which workers wait minutes for."""
    Chain.objects.exclude(held_code="").update(held_until=timezone.now())


def _was_probed(refusals: int) -> bool:
    return Chain.objects.get().held_refusals > refusals


@pytest.mark.parametrize(
    ("refuse", "code"), [(_lock, "account_locked"), (_revoke, "key_refused")], ids=["lock", "key"]
)
def test_batch_waits_while_the_account_is_refused_and_continues_by_itself(
    sandbox: SandboxProcess,
    qcluster: Qcluster,
    refuse: Callable[[SandboxProcess], None],
    code: str,
) -> None:
    refuse(sandbox)
    source = Video.objects.create(title="Clip", sora_id="video_clip", duration=1)
    qcluster.start()
    services.request_remixes([source], [f"make it noir {number}" for number in range(MANY)])
    wait_until(_is_held)
    burst = sandbox.calls()["submit"] - BEFORE
    for refusals in range(1, PROBES + 1):
        _let_time_pass()
        wait_until(lambda least=refusals: _was_probed(least))  # type: ignore[misc]
    wait_until(_is_held)

    hold = Chain.objects.hold()
    assert hold
    assert hold.code == code
    assert (_with(Status.QUEUED), _with(Status.FAILED)) == (MANY - BEFORE, 0)
    assert len(sandbox.accepted()) == BEFORE
    assert burst <= fal.MAX_PARALLEL_CALLS
    assert sandbox.calls()["submit"] == BEFORE + burst + PROBES

    sandbox.restore_account()
    _let_time_pass()
    wait_until(lambda: not Remix.objects.unsettled().exists())

    assert _with(Status.SUCCEEDED) == MANY, qcluster.log
    assert Chain.objects.hold() is None
    assert len(sandbox.accepted()) == MANY
    assert len({one["input"]["prompt"] for one in sandbox.accepted()}) == MANY
    assert Remix.objects.values("request_id").distinct().count() == MANY
