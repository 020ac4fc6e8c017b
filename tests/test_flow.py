"""The whole way, with a real qcluster and the sandbox on the wire."""

from __future__ import annotations

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import media, services
from sora_remix.models import PendingFile, Remix, Video
from tests.processes import Qcluster, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status


def _video() -> Video:
    return Video.objects.create(title="Clip", sora_id="video_clip", duration=1)


def _settled() -> bool:
    return not Remix.objects.unsettled().exists()


def test_a_click_ends_with_a_playable_video_in_the_storage(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    source = _video()
    qcluster.start()

    [remix] = services.request_remixes([source], ["make it noir"])
    wait_until(_settled)

    remix.refresh_from_db()
    assert remix.status == Status.SUCCEEDED, qcluster.log
    assert remix.result and remix.source == source
    with remix.result.file.open() as file:
        facts = media.video_facts(file.file)
    assert (facts.width, facts.height, facts.duration) == (160, 90, remix.result.duration)
    assert remix.result.thumbnail and remix.result.spritesheet
    assert not PendingFile.objects.exists()


def test_a_result_can_be_remixed_again(sandbox: SandboxProcess, qcluster: Qcluster) -> None:
    qcluster.start()
    [first] = services.request_remixes([_video()], ["make it noir"])
    wait_until(_settled)
    first.refresh_from_db()
    assert first.result

    [second] = services.request_remixes([first.result], ["now in gold"])
    wait_until(_settled)

    second.refresh_from_db()
    assert second.status == Status.SUCCEEDED


def test_one_refused_remix_leaves_the_others_of_its_batch_alone(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    qcluster.start()

    bad, good = services.request_remixes([_video()], ["something forbidden", "make it noir"])
    wait_until(_settled)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.status, bad.error_code) == (Status.FAILED, "content_policy_violation")
    assert good.status == Status.SUCCEEDED


def test_no_more_are_in_flight_than_allowed(
    sandbox: SandboxProcess, qcluster: Qcluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SORA_REMIX_TESTS_MAX_IN_FLIGHT", "3")
    most = 0
    qcluster.start()

    services.request_remixes([_video()], ["make it noir"] * 9)

    def watch() -> bool:
        nonlocal most
        most = max(most, Remix.objects.in_flight().count())
        return _settled()

    wait_until(watch)
    assert most <= 3
    assert Remix.objects.filter(status=Status.SUCCEEDED).count() == 9


def test_a_batch_survives_the_death_of_all_workers(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    sandbox.timing(run_seconds=2)
    qcluster.start()
    remixes = services.request_remixes([_video()], ["make it noir"] * 20)

    wait_until(lambda: len(sandbox.accepted()) >= 5)
    qcluster.kill()
    qcluster.start()
    wait_until(_settled, 150)

    statuses = [remix.status for remix in Remix.objects.all()]
    unconfirmed = statuses.count(Status.UNCONFIRMED)
    assert statuses.count(Status.SUCCEEDED) + unconfirmed == len(remixes)
    assert len({one["request_id"] for one in sandbox.accepted()}) == len(sandbox.accepted())
    assert len(sandbox.accepted()) <= len(remixes)
