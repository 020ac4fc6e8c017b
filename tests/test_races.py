"""Of forty simultaneous clicks one buys, at every isolation level; the others get a message."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from sora_remix import services, tasks
from sora_remix.database import retry_conflicts
from sora_remix.exceptions import InvalidTransition, RequestRefused
from sora_remix.models import Chain, Remix, RemixBatch, RemixEvent, Video
from tests.checkout import draft, filled_in, page_of
from tests.factories import at_once, make_remix, make_video
from tests.forms import form_with

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status
Kind = RemixEvent.Kind
CLICKS = 40
ROUNDS = 10


@pytest.fixture(autouse=True)
def no_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is queued: the decision alone is looked at."""
    monkeypatch.setattr(tasks, "async_task", lambda *_args: None)


@pytest.fixture
def editor() -> User:
    return User.objects.create_superuser("editor")


def together(*calls: Callable[[], object]) -> None:
    """Make different calls at once; late ones are refused."""
    waiting = iter(calls)

    def run() -> None:
        with suppress(InvalidTransition, RequestRefused):
            next(waiting)()

    at_once(run, times=len(calls))


Answers = list[tuple[int, list[str]]]


def click(editor: User, url: str, data: dict[str, Any]) -> Answers:
    """Submit a form several times at once; return the status and messages of each."""
    client = Client(raise_request_exception=False)
    client.force_login(editor)
    cookie = client.cookies["sessionid"].value

    def post() -> tuple[int, list[str]]:
        one = Client(raise_request_exception=False)
        one.cookies["sessionid"] = cookie
        response = one.post(url, data)
        said = [str(message) for message in get_messages(response.wsgi_request)]
        return response.status_code, said

    return at_once(post, times=CLICKS)


def act(editor: User, name: str, remix: Remix) -> Answers:
    """Press the button on the page of one remix several times at once."""
    url = reverse(f"admin:sora_remix_remix_{name}", args=[remix.pk])
    client = Client()
    client.force_login(editor)
    form = form_with(client.get(url), "_terms")
    return click(editor, form.action, form.data())


def assert_losers_read(answers: Answers, sentences: tuple[str, ...]) -> None:
    statuses = Counter(status for status, _said in answers)
    assert set(statuses) <= {200, 302}, statuses
    told = [said for _status, said in answers if any(s in t for t in said for s in sentences)]
    assert len(told) == CLICKS - 1, answers


TOO_LATE = "Someone else is changing the same remixes right now."


@pytest.mark.parametrize(
    ("name", "status"), [("retry", Status.FAILED), ("send_again", Status.UNCONFIRMED)]
)
def test_many_clicks_retry_a_remix_once(
    isolation: str, editor: User, name: str, status: str
) -> None:
    remix = make_remix(status=status)

    answers = act(editor, name, remix)

    assert Remix.objects.filter(retry_of=remix).count() == 1
    assert_losers_read(answers, ("It was already retried.", TOO_LATE))


def test_many_clicks_confirm_a_batch_once(isolation: str, editor: User) -> None:
    batch = draft(make_video(), make_video())
    client = Client()
    client.force_login(editor)
    form = filled_in(client.get(page_of(batch)))

    answers = click(editor, page_of(batch), {**form, "prompt": "make it noir"})

    assert Remix.objects.filter(batch=batch).count() == 2
    assert_losers_read(answers, ("This batch was already confirmed", TOO_LATE))


def test_files_are_not_cleared_while_a_remix_of_them_is_requested(isolation: str) -> None:
    for _ in range(ROUNDS):
        video = make_video(file="sora_remix/videos/sea.mp4", approval="rejected")

        together(
            retry_conflicts(Video.objects.get(pk=video.pk).clear),
            partial(services.request_remixes, [video], ["noir"]),
        )

        is_cleared = Video.objects.get(pk=video.pk).cleared_at is not None
        assert video.remixes.exists() is not is_cleared


def test_draft_is_not_deleted_while_it_is_confirmed(isolation: str) -> None:
    for _ in range(ROUNDS):
        video = make_video()
        batch = draft(video)

        together(
            retry_conflicts(RemixBatch.objects.delete_drafts),
            partial(services.confirm, batch, ["noir"], by=None),
        )

        is_deleted = not RemixBatch.objects.filter(pk=batch.pk).exists()
        assert video.remixes.exists() is not is_deleted


def test_many_clicks_collect_again_once(isolation: str, editor: User) -> None:
    remix = make_remix(status=Status.FAILED, request_id="fal-1")

    answers = act(editor, "collect_again", remix)

    remix.refresh_from_db()
    assert remix.status == Status.STORING
    assert remix.events.filter(kind=Kind.COLLECTED_AGAIN).count() == 1
    assert {status for status, _said in answers} <= {200, 302}
    assert all(said for _status, said in answers)


def test_waiting_turn_is_run_by_one_worker(isolation: str) -> None:
    for _ in range(ROUNDS):
        turn = Chain.objects.announce()
        assert turn
        runs: list[str] = []

        def take(name: str, call: Callable[[], object], runs: list[str] = runs) -> None:
            with suppress(OperationalError):  # the database aborted the later one
                if call():
                    runs.append(name)

        together(
            partial(take, "its message", partial(Chain.objects.admit, turn)),
            partial(take, "a repeated message", partial(Chain.objects.admit, turn)),
            partial(take, "meanwhile", partial(Chain.objects.take_over, timedelta(0))),
        )

        assert len(runs) == 1
        assert Chain.objects.release(turn)
