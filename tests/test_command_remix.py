"""`manage.py remix` requests all or nothing, and waits on request."""

from __future__ import annotations

import io
import re
import time
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django_q.conf import Conf
from pytest_django import Settings

from sora_remix import services
from sora_remix.models import Chain, Remix
from sora_remix.models.status import Status
from sora_remix.recipe import Recipe
from tests.checkout import make_clip
from tests.factories import make_video

pytestmark = pytest.mark.django_db


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def at_each_pause(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Have something happen whenever the command pauses, instead of time going by."""

    def use(*steps: Callable[[], object]) -> None:
        waiting: Iterator[Callable[[], object]] = iter(steps)
        monkeypatch.setattr(time, "sleep", lambda _seconds: next(waiting)())

    return use


def _remix(*args: object, stdout: io.StringIO | None = None, **options: Any) -> str:
    out = stdout or io.StringIO()
    call_command("remix", *map(str, args), stdout=out, **options)
    return out.getvalue()


def _refusals(*args: object) -> list[str]:
    with pytest.raises(CommandError) as refused:
        _remix(*args)
    assert not Remix.objects.exists()
    return str(refused.value).splitlines()[1:]


def _move(status: Status, **values: Any) -> Callable[[], object]:
    return lambda: Remix.objects.update(status=status, **values)


def test_every_video_is_remixed_with_every_prompt() -> None:
    sea, city = make_video(), make_video(sora_id="video_city")

    _remix(sea.pk, "video_city", "--prompt", "noir", "--prompt", "gold")

    found = set(Remix.objects.values_list("source", "prompt"))
    assert found == {(video.pk, prompt) for video in (sea, city) for prompt in ("noir", "gold")}


def test_clip_is_sent_to_a_current_endpoint_with_its_options() -> None:
    clip = make_clip()

    _remix(clip.pk, "--prompt", "noir", "--option", "safety_tolerance=1")

    remix = Remix.objects.get()
    assert (remix.endpoint, remix.options["safety_tolerance"]) == ("flux-3", 1)


def test_line_for_each_remix_and_the_total_are_printed() -> None:
    sea, odd = make_video(title="Sea"), make_video(title="Odd", duration=None)

    lines = _remix(sea.pk, odd.pk, "--prompt", "make it\nnoir").splitlines()

    first, second = Remix.objects.order_by("pk")
    assert lines == [
        f"{first}: Sea (video {sea.pk}), “make it noir”, about $0.40",
        f"{second}: Odd (video {odd.pk}), “make it noir”, cost unknown",
        "Requested 2: about $0.40 + 1 of unknown cost",
    ]


def test_video_named_twice_is_remixed_once() -> None:
    video = make_video(sora_id="video_1")

    _remix(video.pk, "video_1", video.pk, "--prompt", "noir")

    assert Remix.objects.count() == 1


def test_sora_id_can_look_like_a_number() -> None:
    video = make_video(sora_id="99999999999999999999999")

    _remix("99999999999999999999999", "--prompt", "noir")

    assert Remix.objects.get().source == video


def test_options_are_parsed_by_the_record_of_the_endpoint() -> None:
    _remix(make_video().pk, "--prompt", "noir", "--option", "delete_video=true")

    assert Remix.objects.get().options == {"delete_video": True}


def test_part_of_a_video_is_remixed_and_fitted() -> None:
    clip = make_clip(duration=70, size=10**6, container="mov", video_codec="hevc")

    _remix(
        clip.pk,
        "--prompt",
        "noir",
        "--from",
        "0:12",
        "--to",
        "0:20.5",
        "--fit",
        "--endpoint",
        "flux-3",
    )

    remix = Remix.objects.get()
    assert Recipe.from_text(remix.recipe).start == 12
    assert Recipe.from_text(remix.recipe).end == Decimal("20.5")
    assert remix.estimated_cost == Decimal("8.5") * Decimal("0.03")


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        (["--from", "noon"], "part: Write a time as seconds, or as 0:12.5."),
        (["--from", "9", "--to", "3"], "videos: “Sea”: The end must be after the start."),
        (["--from", "9"], "videos: “Sea”: The end must be after the start."),
    ],
)
def test_impossible_part_is_refused(options: list[str], reason: str) -> None:
    clip = make_clip(duration=8)

    assert _refusals(clip.pk, "--prompt", "noir", *options) == [f"  {reason}"]


def test_another_endpoint_is_chosen_by_its_key(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {
        "other": {
            "endpoint_id": "fal-ai/other",
            "label": "Other",
            "source": {"kind": "sora_id", "param": "video_id"},
            "price": {"per_source_second": "0.123457"},
        }
    }

    printed = _remix(make_video(duration=1).pk, "--prompt", "noir", "--endpoint", "other")

    assert Remix.objects.get().endpoint_id == "fal-ai/other"
    assert "about $0.123457" in printed


def test_all_errors_are_named_at_once_and_nothing_is_stored() -> None:
    upload, sea = make_video(title="Upload", sora_id=""), make_video()

    refusals = _refusals(
        *(upload.pk, sea.pk, "typo", "4711", "--prompt", " "),
        *("--option", "delete_video=perhaps", "--option", "size", "--option", "seed=1"),
    )

    assert refusals == [
        "  videos: There is no video “typo”.",
        "  videos: There is no video “4711”.",
        "  size: Write an option as NAME=VALUE.",
        "  delete_video: “delete_video” must be true or false.",
        "  seed: “Sora 2” has no option “seed”.",
        "  videos: “Upload”: It is not a Sora generation: it has no Sora id.",
        "  prompts: The prompt is empty.",
    ]


def test_unknown_endpoint_is_named() -> None:
    [refusal] = _refusals(make_video().pk, "--prompt", "noir", "--endpoint", "typo")

    assert refusal.startswith(
        "  endpoint: There is no endpoint “typo”. Choose one of these: sora-2"
    )


def test_prompt_is_required() -> None:
    with pytest.raises(CommandError, match="--prompt"):
        _remix(make_video().pk)


def test_command_without_wait_exits_at_once(at_each_pause: Callable[..., None]) -> None:
    at_each_pause()

    _remix(make_video().pk, "--prompt", "noir")

    assert Remix.objects.get().status == Status.QUEUED


def test_wait_is_skipped_where_tasks_run_in_the_same_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)

    with pytest.raises(CommandError, match=r"Nothing was requested.* Nothing is sent to fal"):
        _remix(make_video().pk, "--prompt", "noir", "--wait")

    assert not Remix.objects.exists()


def test_remixes_are_reported_as_waiting_where_tasks_run_in_the_same_process(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)
    monkeypatch.setattr(services, "nudge", lambda: None)
    errors = io.StringIO()

    _remix(make_video().pk, "--prompt", "noir", stderr=errors)

    assert Remix.objects.get().status == Status.QUEUED
    assert "Nothing is sent to fal" in errors.getvalue()
    assert "these remixes wait and cost nothing" in errors.getvalue()


def test_wait_prints_a_line_for_each_change(
    at_each_pause: Callable[..., None],
) -> None:
    result = make_video(file="sora_remix/videos/a.mp4")
    at_each_pause(_move(Status.PROCESSING), lambda: None, _move(Status.SUCCEEDED, result=result))

    lines = _remix(make_video().pk, "--prompt", "noir", "--wait").splitlines()

    remix = Remix.objects.get()
    assert lines[2:] == [
        "1 queued",
        "1 in progress",
        "1 succeeded",
        f"{remix}: succeeded: video {result.pk}, sora_remix/videos/a.mp4",
    ]


def test_wait_on_a_terminal_rewrites_one_line(at_each_pause: Callable[..., None]) -> None:
    at_each_pause(_move(Status.PROCESSING), _move(Status.SUCCEEDED))

    printed = _remix(make_video().pk, "--prompt", "noir", "--wait", stdout=Terminal())

    progress, outcome = printed.rstrip().split("\n")[2:]
    assert progress.split("\r\x1b[K") == [
        "",
        "1 queued, 0:00",
        "1 in progress, 0:00",
        "1 succeeded, 0:00",
    ]
    assert outcome == f"{Remix.objects.get()}: succeeded"


@pytest.mark.parametrize(("out", "clear"), [(io.StringIO, ""), (Terminal, "\r\x1b[K")])
def test_wait_says_while_fal_refuses_the_account_that_nothing_is_sent(
    at_each_pause: Callable[..., None], out: Callable[[], io.StringIO], clear: str
) -> None:
    def lock() -> None:
        Chain.objects.hold_account("account_locked", "HTTP 403: User is locked", "digest")

    at_each_pause(lock, lambda: None, Chain.objects.end_hold, _move(Status.SUCCEEDED))

    said = _remix(make_video().pk, "--prompt", "noir", "--wait", stdout=out())

    held = [line for line in said.split("\n") if "account_locked" in line]
    assert len(held) == 1
    assert re.search(
        r"These remixes wait and cost nothing\. Since .*, nothing is sent to fal "
        r"\(account_locked\): HTTP 403: User is locked$",
        held[0],
    )
    assert said.count(f"{clear}Sending continues.\n") == 1


@pytest.mark.parametrize("status", [Status.FAILED, Status.UNCONFIRMED, Status.CANCELLED])
def test_failed_remix_is_an_error_with_its_reason(
    at_each_pause: Callable[..., None], status: Status
) -> None:
    at_each_pause(_move(status, error_code="odd", error_message="HTTP 418"))
    out = io.StringIO()

    with pytest.raises(CommandError, match="1 of 1 did not succeed") as failed:
        _remix(make_video().pk, "--prompt", "noir", "--wait", stdout=out)

    assert failed.value.returncode == 1
    remix = Remix.objects.get()
    assert f"{remix}: {remix.get_status_display()}: odd HTTP 418" in out.getvalue()


def test_wait_ends_after_its_timeout(at_each_pause: Callable[..., None]) -> None:
    at_each_pause()

    with pytest.raises(CommandError, match=r"after 0 s\. The workers continue in the background"):
        _remix(make_video().pk, "--prompt", "noir", "--wait", "--timeout", "0")

    assert Remix.objects.get().status == Status.QUEUED


def test_interrupt_says_that_the_work_continues(at_each_pause: Callable[..., None]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    at_each_pause(interrupt)

    with pytest.raises(CommandError, match="continue in the background") as interrupted:
        _remix(make_video().pk, "--prompt", "noir", "--wait")

    assert interrupted.value.returncode == 130
    assert Remix.objects.get().status == Status.QUEUED
