"""While fal refuses the account, everything waits: one request at a time tries it."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from decimal import Decimal
from typing import IO, Any

import pytest
from django.core.files.base import ContentFile

from sora_remix import engine, fal, services
from sora_remix.engine import turns
from sora_remix.engine.pace import Heartbeat
from sora_remix.exceptions import AccountUnusable, TryLater
from sora_remix.models import Chain, Remix, RemixEvent, SourceCopy, Video
from tests.budgets import make_budget, used
from tests.factories import ago, make_remix, make_video

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("media_root")]

Status = Remix.Status
Kind = RemixEvent.Kind
LOCKED = fal.AccountHeld(fal.HoldCode.ACCOUNT_LOCKED, "HTTP 403: User is locked")
REFUSED = fal.AccountHeld(fal.HoldCode.KEY_REFUSED, "HTTP 401: No user found")
WELL = "well"


class Gateway:
    """Stand in for fal: count what it gets, and give the next answer of a list."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.uploaded: list[str] = []
        self.answers: list[Any] = []
        self.last: Any = WELL
        """The answer once the list is empty."""

    def _next(self) -> Any:
        return self.answers.pop(0) if self.answers else self.last

    async def submit(
        self, endpoint_id: str, arguments: Mapping[str, Any], webhook_url: str = ""
    ) -> Any:
        self.sent.append(arguments["prompt"])
        answer = self._next()
        return fal.Accepted(f"id-{len(self.sent)}") if answer == WELL else answer

    async def upload(self, name: str, kind: str, file: IO[bytes], life: timedelta) -> str:
        self.uploaded.append(name)
        answer = self._next()
        if isinstance(answer, Exception):
            raise answer
        return f"https://v3b.fal.media/files/b/{name}"


@pytest.fixture
def gateway(monkeypatch: pytest.MonkeyPatch) -> Gateway:
    gateway = Gateway()
    monkeypatch.setattr(fal, "submit", gateway.submit)
    monkeypatch.setattr(fal, "upload", gateway.upload)
    monkeypatch.setattr(services, "nudge", lambda: None)
    return gateway


def send() -> None:
    engine.send_waiting(Heartbeat(), time.monotonic() + 60)


def let_probe_be_due() -> None:
    Chain.objects.exclude(held_until=None).update(held_until=ago(seconds=1))


def statuses() -> set[str]:
    return set(Remix.objects.values_list("status", flat=True))


def make_batch(many: int = 50) -> None:
    source = make_video()
    for number in range(many):
        make_remix(source=source, prompt=str(number))


@pytest.mark.parametrize("answer", [LOCKED, REFUSED])
def test_refused_account_holds_all_back_and_fails_nothing(gateway: Gateway, answer: Any) -> None:
    make_batch()
    gateway.last = answer

    for _ in range(3):
        send()

    assert statuses() == {Status.QUEUED}
    assert len(gateway.sent) <= fal.MAX_PARALLEL_CALLS
    hold = Chain.objects.hold()
    assert hold
    assert (hold.code, hold.reason) == (answer.code, answer.message)
    assert not Remix.objects.exclude(submitted_at=None).exists()
    assert not Remix.objects.exclude(failing_since=None).exists()


def test_history_says_that_fal_refused_the_account(gateway: Gateway) -> None:
    remix = make_remix()
    gateway.last = LOCKED

    send()

    told = list(remix.events.values_list("kind", "detail"))
    assert told == [(Kind.SENT, ""), (Kind.HELD, "account_locked")]


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (LOCKED, Kind.HELD),
        (fal.RefusedForNow(30, "HTTP 429"), Kind.REQUEUED),
        (fal.NotSent("ConnectError"), Kind.NOT_SENT),
    ],
)
def test_history_has_the_first_and_the_last_of_many_tries(
    gateway: Gateway, answer: Any, kind: str
) -> None:
    remix = make_remix()
    gateway.last = answer

    for _ in range(5):
        let_probe_be_due()
        Remix.objects.update(due_at=ago(seconds=1))
        send()
        last = remix.events.latest("pk").pk

    assert len(gateway.sent) == 5
    told = remix.events.values_list("pk", "kind")
    assert [one for _pk, one in told] == [Kind.SENT, kind, Kind.SENT, kind]
    assert (told[0][0], told[3][0]) == (remix.events.earliest("pk").pk, last)


def test_each_due_probe_sends_one_remix(gateway: Gateway) -> None:
    make_batch()
    gateway.last = LOCKED
    send()
    before = len(gateway.sent)

    for _ in range(5):
        let_probe_be_due()
        send()
        send()

    assert len(gateway.sent) - before == 5
    assert statuses() == {Status.QUEUED}


def test_accepted_probe_lets_all_others_follow(gateway: Gateway) -> None:
    make_batch()
    gateway.answers = [*[WELL] * 5, *[LOCKED] * 15]
    send()
    assert Remix.objects.filter(status=Status.PROCESSING).count() == 5

    gateway.answers = []
    let_probe_be_due()
    send()

    assert statuses() == {Status.PROCESSING}
    assert Chain.objects.hold() is None
    assert Remix.objects.values("request_id").distinct().count() == 50


@pytest.mark.parametrize(
    "answer",
    [
        fal.Refused("content_policy_violation", "HTTP 422"),
        fal.Refused("endpoint_forbidden", "HTTP 403"),
        fal.RefusedForNow(30, "HTTP 429"),
    ],
)
def test_any_other_answer_to_the_probe_ends_the_hold(gateway: Gateway, answer: Any) -> None:
    make_batch(3)
    gateway.last = LOCKED
    send()
    gateway.answers, gateway.last = [answer], WELL
    let_probe_be_due()

    send()

    assert Chain.objects.hold() is None


@pytest.mark.parametrize(
    "answer", [fal.NotSent("ConnectError"), fal.Unknown("HTTP 502"), RuntimeError("a bug")]
)
def test_probe_without_an_answer_proves_nothing(gateway: Gateway, answer: Any) -> None:
    make_batch(3)
    gateway.last = LOCKED
    send()
    gateway.answers, gateway.last, gateway.sent = [answer], WELL, []
    let_probe_be_due()

    send()

    assert len(gateway.sent) == 1
    hold = Chain.objects.hold()
    assert hold
    assert hold.reason == LOCKED.message


def test_acceptance_of_a_request_from_before_the_hold_does_not_end_it(gateway: Gateway) -> None:
    make_batch(10)
    gateway.answers = [LOCKED, *[WELL] * 9]

    send()

    assert Remix.objects.filter(status=Status.PROCESSING).count() == 9
    assert Chain.objects.hold()


def test_remix_that_can_not_be_sent_does_not_use_up_the_probe(gateway: Gateway) -> None:
    broken, whole = make_remix(endpoint="gone"), make_remix(prompt="whole")
    Chain.objects.hold_account("account_locked", "HTTP 403", fal.key_digest())
    let_probe_be_due()

    for _ in range(2):
        send()

    broken.refresh_from_db()
    whole.refresh_from_db()
    assert (broken.status, whole.status) == (Status.FAILED, Status.PROCESSING)


def test_changed_key_is_tried_at_once(gateway: Gateway, settings: Any) -> None:
    make_batch(20)
    gateway.last = REFUSED
    send()
    before, gateway.last = len(gateway.sent), WELL
    send()
    assert len(gateway.sent) == before

    settings.SORA_REMIX_FAL_KEY = "another-key"
    send()

    assert statuses() == {Status.PROCESSING}


def test_changed_key_that_is_refused_too_is_tried_once(gateway: Gateway, settings: Any) -> None:
    make_batch(20)
    gateway.last = REFUSED
    send()
    before = len(gateway.sent)

    settings.SORA_REMIX_FAL_KEY = "another-key"
    for _ in range(3):
        send()

    assert len(gateway.sent) == before + 1


def test_stored_digest_does_not_show_the_key(gateway: Gateway, settings: Any) -> None:
    settings.SORA_REMIX_FAL_KEY = "id-of-key:secret-of-key"
    make_remix()
    gateway.last = REFUSED

    send()

    [digest] = Chain.objects.get().tried_keys
    assert digest == fal.key_digest()
    assert len(digest) == 64
    settings.SECRET_KEY = "another"
    assert digest != fal.key_digest()


def test_held_remix_can_be_cancelled_free_of_charge(gateway: Gateway) -> None:
    remix = make_remix()
    gateway.last = LOCKED
    send()

    services.cancel(remix, by=None)
    let_probe_be_due()
    send()

    remix.refresh_from_db()
    assert (remix.status, remix.request_id) == (Status.CANCELLED, "")
    assert len(gateway.sent) == 1


PUT_BACK: dict[str, Callable[[Remix], None]] = {
    "held": lambda remix: remix.held("account_locked"),
    "asked to wait": lambda remix: remix.requeued(ago()),
    "not reached": lambda remix: remix.not_sent(ago(), "ConnectError"),
    "without its files": lambda remix: remix.not_ready(),
}


@pytest.mark.parametrize("name", PUT_BACK)
def test_remix_that_was_cancelled_during_a_try_is_not_sent_again(
    gateway: Gateway, name: str
) -> None:
    budget = make_budget(1)
    [remix] = services.request_remixes([make_video()], ["noir"])
    [claimed] = Remix.objects.claim_to_send(1)
    services.cancel(remix, by=None)

    PUT_BACK[name](claimed)
    send()

    remix.refresh_from_db()
    assert (remix.status, used(budget)) == (Status.CANCELLED, Decimal(0))
    assert not gateway.sent
    assert remix.events.latest("pk").kind == Kind.CANCELLED


def test_person_can_have_a_remix_tried_now(gateway: Gateway) -> None:
    make_batch(20)
    gateway.last = LOCKED
    send()
    before, gateway.last = len(gateway.sent), WELL

    assert services.resume_sending(by=None)
    assert len(gateway.sent) == before
    send()

    assert statuses() == {Status.PROCESSING}


def test_hold_without_a_remix_to_try_it_with_ends_on_request() -> None:
    make_remix(status=Status.SUCCEEDED)
    Chain.objects.hold_account("account_locked", "HTTP 403", "digest")

    assert services.resume_sending(by=None)

    assert Chain.objects.hold() is None


def make_clips(many: int) -> None:
    videos: list[Video] = []
    for number in range(many):
        video = make_video(sora_id="")
        video.file.save("clip.mp4", ContentFile(f"clip {number}".encode()))
        videos.append(video)
    services.request_remixes(videos, ["noir"], endpoint="flux-3")


def take_turn() -> None:
    """Take a turn, and do its errands as other workers would."""
    tasks: dict[str, Callable[[Any], None]] = {"deliver": engine.upload_copies}
    for errand in list(turns.take_turn(0)):
        tasks[errand.task](errand.pks)


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turns end after each step was taken once."""
    monkeypatch.setattr(turns, "TURN_SECONDS", 0)
    monkeypatch.setattr(fal, "progress", _no_progress)


async def _no_progress(endpoint_id: str, request_id: str) -> fal.Progress:
    raise TryLater("HTTP 502")


def test_refused_upload_holds_the_account_and_fails_nothing(
    gateway: Gateway, short_turns: None
) -> None:
    make_clips(8)
    gateway.last = AccountUnusable("key_refused", "HTTP 401")

    for _ in range(3):
        take_turn()

    hold = Chain.objects.hold()
    assert hold
    assert (hold.code, hold.reason) == ("key_refused", "HTTP 401")
    assert len(gateway.uploaded) == 1
    assert statuses() == {Status.QUEUED}
    assert not SourceCopy.objects.exclude(error_code="", failures=0).exists()


def test_due_probe_uploads_one_file_where_no_remix_is_ready(
    gateway: Gateway, short_turns: None
) -> None:
    make_clips(8)
    gateway.last = AccountUnusable("key_refused", "HTTP 401")
    take_turn()

    for _ in range(3):
        let_probe_be_due()
        take_turn()
        take_turn()

    assert len(gateway.uploaded) == 4
    assert gateway.sent == []


def test_uploaded_probe_is_followed_by_its_remix_and_then_by_all(
    gateway: Gateway, short_turns: None
) -> None:
    make_clips(8)
    gateway.answers = [AccountUnusable("key_refused", "HTTP 401")]
    take_turn()

    let_probe_be_due()
    take_turn()
    assert (len(gateway.uploaded), Chain.objects.hold() is None) == (2, False)
    SourceCopy.objects.update(due_at=ago(seconds=1))
    for _ in range(3):
        take_turn()

    assert statuses() == {Status.PROCESSING}
    assert Chain.objects.hold() is None
    assert (len(gateway.uploaded), len(gateway.sent)) == (9, 8)


def test_files_wait_for_the_remix_that_is_ready_to_try_the_account(
    gateway: Gateway, short_turns: None
) -> None:
    make_remix(prompt="ready")
    make_clips(3)
    Chain.objects.hold_account("account_locked", "HTTP 403", fal.key_digest())
    let_probe_be_due()
    gateway.last = LOCKED

    assert list(turns.take_turn(0)) == []
    assert len(gateway.sent) == 1
    Remix.objects.filter(prompt="ready").delete()
    let_probe_be_due()
    assert [errand.task for errand in turns.take_turn(0)] == ["deliver"]
