"""The whole workflow, with a real qcluster and the sandbox over the wire."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.core.files import File
from django.test import Client
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import media, services
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import Chain, PendingFile, Remix, Video
from tests import checkout
from tests.processes import Qcluster, wait_until

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status


def _video() -> Video:
    values = {"title": "Clip", "duration": 1}
    return Video.objects.get_or_create(sora_id="video_clip", defaults=values)[0]


def _settled() -> bool:
    return not Remix.objects.unsettled().exists()


def test_click_ends_with_a_playable_video_in_the_storage(
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


def test_prompts_that_differ_in_a_capital_or_an_emoji_have_separate_results(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    prompts = ["add 🔥", "add 🎉", "make it NIGHT", "make it night", "Café", "Cafe"]
    qcluster.start()

    services.request_remixes([_video()], prompts)
    wait_until(_settled)

    assert [remix.prompt for remix in Remix.objects.order_by("pk")] == prompts
    results = Remix.objects.order_by("pk").values_list("result__title", flat=True)
    assert list(results) == [f"Clip – {prompt}" for prompt in prompts], qcluster.log
    assert len(sandbox.accepted()) == len(prompts)


def _does_a_webhook_come() -> bool:
    """Make a remix; tell whether its webhook came before fal was asked, so that more are expected.

    The first question comes after two seconds, in which a busy machine may not get so far.
    """
    services.request_remixes([_video()], ["make it noir"])
    wait_until(_settled)
    return Chain.objects.get().expects_webhooks


def test_webhooks_make_questions_needless(
    sandbox: SandboxProcess,
    qcluster: Qcluster,
    live_server: LiveServer,
    monkeypatch: pytest.MonkeyPatch,
    settings: Settings,
) -> None:
    monkeypatch.setenv("SORA_REMIX_TESTS_WEBHOOKS", live_server.url)
    settings.SORA_REMIX_JWKS_URL = f"{sandbox.url}/.well-known/jwks.json"
    qcluster.start()
    wait_until(_does_a_webhook_come)
    before = sandbox.calls()
    sandbox.timing(queue_seconds=0, run_seconds=4)

    services.request_remixes([_video()], ["make it noir"] * 3)
    wait_until(_settled)

    assert not Remix.objects.exclude(status=Status.SUCCEEDED).exists(), qcluster.log
    calls = {kind: count - before[kind] for kind, count in sandbox.calls().items()}
    assert (calls["submit"], calls["webhook"], calls["result"]) == (3, 3, 3)
    assert calls["status"] == 0


def test_result_can_be_remixed_again(sandbox: SandboxProcess, qcluster: Qcluster) -> None:
    qcluster.start()
    [first] = services.request_remixes([_video()], ["make it noir"])
    wait_until(_settled)
    first.refresh_from_db()
    assert first.result

    [second] = services.request_remixes([first.result], ["now in gold"])
    wait_until(_settled)

    second.refresh_from_db()
    assert second.status == Status.SUCCEEDED


def test_refused_remix_does_not_affect_the_others_of_its_batch(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    qcluster.start()

    bad, good = services.request_remixes([_video()], ["something forbidden", "make it noir"])
    wait_until(_settled)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert (bad.status, bad.error_code) == (Status.FAILED, "content_policy_violation")
    assert good.status == Status.SUCCEEDED


def test_remixes_in_flight_are_limited(
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


def test_batch_survives_the_death_of_all_workers(
    sandbox: SandboxProcess, qcluster: Qcluster
) -> None:
    sandbox.timing(run_seconds=2)
    qcluster.start()
    remixes = services.request_remixes([_video()], ["make it noir"] * 20)

    wait_until(lambda: len(sandbox.accepted()) >= 5)
    qcluster.kill()
    qcluster.start()
    wait_until(_settled)

    statuses = [remix.status for remix in Remix.objects.all()]
    unconfirmed = statuses.count(Status.UNCONFIRMED)
    assert statuses.count(Status.SUCCEEDED) + unconfirmed == len(remixes)
    assert len({one["request_id"] for one in sandbox.accepted()}) == len(sandbox.accepted())
    assert len(sandbox.accepted()) <= len(remixes)


BY_URL = [endpoint for endpoint in BUILT_IN.values() if endpoint.source.kind == "url"]


@pytest.fixture
def upload(large_clip: Path, media_root: Path) -> Video:
    """An uploaded clip, without any Sora id."""
    facts = {"duration": Decimal("3.5"), "width": 1280, "height": 720, "fps": 12}
    video = Video(title="Upload", size=large_clip.stat().st_size, **facts)
    with large_clip.open("rb") as file:
        video.file.save("large.mp4", File(file))
    return video


def _assert_all_succeeded(qcluster: Qcluster) -> None:
    remixes = Remix.objects.select_related("result").order_by("pk")
    failures = [f"{one.endpoint}: {one.status} {one.error_message}" for one in remixes]
    assert {one.status for one in remixes} == {Status.SUCCEEDED}, [*failures, qcluster.log]
    for remix in remixes:
        assert remix.result
        with remix.result.file.open() as file:
            media.video_facts(file.file)


def test_each_endpoint_remixes_a_clip_uploaded_once(
    sandbox: SandboxProcess, qcluster: Qcluster, upload: Video
) -> None:
    qcluster.start()

    for endpoint in BY_URL:
        services.request_remixes([upload], ["make it noir"], endpoint=endpoint.key)
    services.request_remixes([_video()], ["make it noir"], endpoint="sora-2")
    wait_until(_settled)

    _assert_all_succeeded(qcluster)
    assert Remix.objects.count() == len(BUILT_IN)
    assert len(sandbox.uploads()) == 1
    assert {one["input"].get("video_url") for one in sandbox.accepted()} == {
        sandbox.uploads()[0]["url"],
        None,
    }


def test_each_endpoint_remixes_a_clip_by_the_url_of_the_storage(
    sandbox: SandboxProcess,
    qcluster: Qcluster,
    upload: Video,
    live_server: LiveServer,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SORA_REMIX_SOURCE_DELIVERY = "url"
    monkeypatch.setenv("SORA_REMIX_TESTS_DELIVERY", "url")
    monkeypatch.setenv("SORA_REMIX_TESTS_MEDIA_URL", f"{live_server.url}/media/")
    qcluster.start()

    for endpoint in BY_URL:
        services.request_remixes([upload], ["make it noir"], endpoint=endpoint.key)
    wait_until(_settled)

    _assert_all_succeeded(qcluster)
    assert sandbox.uploads() == []
    assert {one["input"]["video_url"] for one in sandbox.accepted()} == {
        f"{live_server.url}/media/{upload.file.name}"
    }


def test_results_can_be_remixed_at_other_endpoints(
    sandbox: SandboxProcess, qcluster: Qcluster, upload: Video
) -> None:
    qcluster.start()
    source = upload
    for endpoint in ("flux-3", "grok", "wan-2.7"):
        [remix] = services.request_remixes([source], ["make it noir"], endpoint=endpoint)
        wait_until(_settled)
        remix.refresh_from_db()
        assert remix.result, (remix.error_message, qcluster.log)
        source = remix.result

    chain = [source, source.remix.source, source.remix.source.remix.source]
    assert chain[-1].remix.source == upload


OWN = {
    "endpoint_id": "decart/lucy-edit/pro",
    "label": "Lucy Edit Pro",
    "source": {"kind": "url", "param": "video_url"},
    "price": {"per_output_second": "0.15"},
    "options": [{"name": "enhance_prompt", "kind": "bool", "default": True, "label": "Enhance"}],
    "constants": {"sync_mode": False},
}


def test_remix_at_an_endpoint_of_the_site_works_from_page_to_result(
    sandbox: SandboxProcess,
    qcluster: Qcluster,
    upload: Video,
    admin_client: Client,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"mine": OWN}
    settings.SORA_REMIX_ENDPOINT = "mine"
    monkeypatch.setenv("SORA_REMIX_TESTS_ENDPOINTS", json.dumps({"mine": OWN}))
    qcluster.start()
    batch = checkout.draft(upload)
    page = checkout.text_of(admin_client, batch)
    assert "Enhance" in page
    assert "$0.53" in page

    typed = {"prompt": "make it noir", "option-enhance_prompt": None}
    checkout.send(admin_client, batch, typed)
    wait_until(_settled)

    _assert_all_succeeded(qcluster)
    [request] = sandbox.accepted()
    assert request["endpoint"] == "decart/lucy-edit/pro"
    assert request["input"] == {
        "prompt": "make it noir",
        "video_url": sandbox.uploads()[0]["url"],
        "enhance_prompt": False,
        "sync_mode": False,
    }
