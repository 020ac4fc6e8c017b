"""Clips of every kind are cut, fitted, accepted by the sandbox and stored, by real workers."""

from __future__ import annotations

import io
import os
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from django.core.files import File

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import media, services
from sora_remix.endpoints import choosable
from sora_remix.exceptions import RequestRefused
from sora_remix.models import FittedClip, Remix, Video
from tests.fitting.footage import Footage, film
from tests.fitting.making import phone_recording
from tests.processes import Qcluster, family, said_of, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
LONG = Footage(frames=350, rate=Fraction(5), group=25)
"""Seventy seconds."""


CLIPS: dict[str, Callable[[], bytes]] = {
    "phone": phone_recording,
    "avi": lambda: film(Footage(container="avi", codec="mpeg4", sound="pcm_s16le", frames=100)),
    "gif": lambda: film(
        Footage(container="gif", codec="gif", sound="", frames=40, rate=Fraction(10), pixels="rgb8")
    ),
    "mpegts": lambda: film(Footage(container="mpegts", frames=100)),
    "webm_without_length": lambda: film(
        Footage(container="webm", codec="libvpx", sound="libopus", frames=100, seekable=False)
    ),
    "long": lambda: film(LONG),
    "portrait_60": lambda: film(Footage(frames=240, rate=Fraction(60), size=(90, 160))),
}


def _upload(name: str) -> Video:
    content = io.BytesIO(CLIPS[name]())
    facts = media.video_facts(content)
    video = Video(title=name, **facts.known())
    video.file.save(f"{name}{facts.extension}", File(content))
    return video


def _settled() -> bool:
    return not Remix.objects.unsettled().exists()


def test_part_of_a_phone_recording_becomes_a_stored_remix(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    video = _upload("phone")
    qcluster.start()

    [remix] = services.request_remixes(
        [video], ["make it noir"], endpoint="flux-3", part=(Decimal(12), Decimal("20.4")), fit=True
    )
    wait_until(_settled)

    remix.refresh_from_db()
    assert remix.status == Status.SUCCEEDED, qcluster.log
    assert remix.clip
    with remix.clip.file.open() as file:
        facts = media.video_facts(file.file)
    assert (facts.container, facts.video_codec) == ("mp4", "h264")
    assert facts.height > facts.width
    assert facts.duration and abs(facts.duration - Decimal("8.4")) <= Decimal("0.2")
    assert remix.estimated_cost == Decimal("0.252")
    assert len(sandbox.accepted()) == 1


def test_clip_whose_worker_is_killed_is_fitted_once_in_the_end(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    video = _upload("long")
    qcluster.start()
    [remix] = services.request_remixes([video], ["noir"], endpoint="kling-o3", fit=True)
    wait_until(lambda: FittedClip.objects.filter(lease__isnull=False).exists())

    qcluster.kill()
    FittedClip.objects.update(leased_until=Remix.objects.get().created_at)
    qcluster.start()
    wait_until(_settled, seconds=240)

    remix.refresh_from_db()
    assert remix.status == Status.SUCCEEDED, qcluster.log
    assert (FittedClip.objects.count(), len(sandbox.accepted())) == (1, 1)


def _encoders(qcluster: Qcluster) -> Iterator[int]:
    """Find the processes that make clips, by id."""
    for pid in family(qcluster.pid):
        if "sora_remix.fitting" in said_of(pid, "cmdline"):
            yield pid


def _stop_encoder(qcluster: Qcluster) -> int:
    """Wait for a process that makes a clip, and halt it."""
    found: list[int] = []

    def is_found() -> bool:
        found.extend(_encoders(qcluster))
        return bool(found)

    wait_until(is_found)
    os.kill(found[0], signal.SIGSTOP)
    return found[0]


def test_other_remixes_go_on_while_the_only_worker_makes_a_clip(
    sandbox: SandboxProcess, qcluster: Qcluster, small_clip: Path
) -> None:
    qcluster.start()
    services.request_remixes([_upload("long")], ["noir"], endpoint="kling-o3", fit=True)
    encoder = _stop_encoder(qcluster)

    sora = Video.objects.create(title="Sora", sora_id="video_clip", duration=1)
    with small_clip.open("rb") as file:
        upload = Video(title="Upload", **media.video_facts(file).known())
        upload.file.save("small.mp4", File(file))
    others = [
        *services.request_remixes([sora], ["neon", "snow"]),
        *services.request_remixes([upload], ["neon"], endpoint="lucy-restyle"),
    ]
    pks = [remix.pk for remix in others]
    wait_until(lambda: not Remix.objects.unsettled().filter(pk__in=pks).exists())

    assert FittedClip.objects.get().file.name == "", qcluster.log
    os.kill(encoder, signal.SIGCONT)
    wait_until(_settled)
    assert set(Remix.objects.values_list("status", flat=True)) == {Status.SUCCEEDED}, qcluster.log
    assert (FittedClip.objects.count(), len(sandbox.accepted())) == (1, 4)


@pytest.mark.parametrize("name", CLIPS)
def test_clip_is_accepted_by_at_least_five_models_once_it_fits(
    sandbox: SandboxProcess, qcluster: Qcluster, name: str
) -> None:
    video = _upload(name)
    qcluster.start()

    refused = []
    for endpoint in choosable((), date(2026, 11, 29)):
        try:
            services.request_remixes([video], ["noir"], endpoint=endpoint.key, fit="pad")
        except RequestRefused as refusal:
            refused.append((endpoint.key, [str(one.message) for one in refusal.reasons]))
    wait_until(_settled)

    outcomes = Counter(Remix.objects.values_list("status", "error_message"))
    assert outcomes.keys() == {(Status.SUCCEEDED, "")}, (outcomes, refused, qcluster.log)
    assert outcomes[Status.SUCCEEDED, ""] >= 5, refused
