"""Open pages get the progress of remixes in few bytes and few queries."""

from __future__ import annotations

import gzip
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from sora_remix.models import Chain, Remix, RemixBatch
from sora_remix.models.status import Status
from tests.factories import ago, make_remix, make_video
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/remix/"
URL = f"{LIST}progress/"
LOG = ["loading", "step 1"]
NOON = datetime(2026, 11, 25, 12, tzinfo=timezone.get_default_timezone())
SIGNING_IN = 2
"""Queries for the session and the user."""


def told(client: Client, query: str) -> list[dict[str, Any]]:
    """Return the progress of each remix."""
    remixes: list[dict[str, Any]] = client.get(f"{URL}?{query}").json()["remixes"]
    return remixes


def expected(remix: Remix, status: str, **values: Any) -> dict[str, Any]:
    """Return the progress of a remix that fal has said nothing about, but for these values."""
    known = {"id": remix.pk, "status": status, "label": str(Status(status).label)}
    return {**known, "position": None, "started_at": None, "log": [], **values}


def make_batch() -> RemixBatch:
    return RemixBatch.objects.start([], by=AnonymousUser())


def make_many(count: int, **values: Any) -> list[Remix]:
    """Make remixes in flight with large keys, as on a site that is years old."""
    source = make_video()
    rows = [
        Remix(
            pk=1_000_000_000 + number,
            source=source,
            status=Status.PROCESSING,
            submitted_at=NOON + timedelta(seconds=86 * number),
            request_id=f"request-{number}",
            queue_position=1000 + number,
            progress_log=["x" * 200] * 5,
            **values,
        )
        for number in range(count)
    ]
    return Remix.objects.bulk_create(rows)


def test_a_remix_has_status_position_start_and_log(admin_client: Client) -> None:
    queued, waiting = make_remix(), make_remix(status=Status.PROCESSING, queue_position=2)
    running = make_remix(status=Status.SUBMITTING, progress_log=LOG)
    for remix, second in ((waiting, 0), (running, 30)):
        Remix.objects.filter(pk=remix.pk).update(submitted_at=NOON + timedelta(seconds=second))

    answer = told(admin_client, f"remixes={queued.pk},{waiting.pk},{running.pk}")

    noon = int(NOON.timestamp())
    assert answer == [
        expected(queued, "queued"),
        expected(waiting, "processing", position=3, started_at=noon),
        expected(running, "submitting", started_at=noon + 30, log=LOG),
    ]


def test_a_remix_that_fal_finished_has_no_start(admin_client: Client) -> None:
    remix = make_remix(status=Status.PROCESSING, submitted_at=NOON, completed_at=NOON)

    assert told(admin_client, f"remixes={remix.pk}") == [expected(remix, "processing")]


@pytest.mark.parametrize(("count", "has_log"), [(20, True), (21, False)])
def test_only_few_remixes_have_logs(admin_client: Client, count: int, has_log: bool) -> None:
    pks = [remix.pk for remix in make_many(count)]

    answer = told(admin_client, f"remixes={pks[0]}-{pks[-1]}")

    assert len(answer) == count
    assert all(("log" in remix) == has_log for remix in answer)


def test_a_batch_has_its_own_progress(admin_client: Client) -> None:
    batch = make_batch()
    done, failed = (make_remix(batch=batch, status=one) for one in ("succeeded", "failed"))
    queued = make_remix(batch=batch)
    make_remix()

    answer = admin_client.get(f"{URL}?batch={batch.pk}").json()

    assert answer["batch"] == {"finished": 2, "total": 3, "text": "2 of 3 are done"}
    assert [remix["id"] for remix in answer["remixes"]] == [done.pk, failed.pk, queued.pk]


@pytest.mark.parametrize(
    ("values", "allows"),
    [
        ({"status": "processing"}, "cancel"),
        ({"status": "processing", "cancel_requested_at": NOON}, ""),
        ({"status": "storing"}, ""),
        ({"status": "failed"}, None),
    ],
)
def test_a_batch_says_which_unfinished_remixes_can_be_cancelled(
    admin_client: Client, values: dict[str, Any], allows: str | None
) -> None:
    batch = make_batch()
    remix = make_remix(batch=batch, **values)

    [in_batch] = told(admin_client, f"batch={batch.pk}")
    [alone] = told(admin_client, f"remixes={remix.pk}")

    assert in_batch.get("allows") == allows
    assert "allows" not in alone


def test_a_page_of_a_batch_has_the_progress_of_the_whole_batch(admin_client: Client) -> None:
    batch = make_batch()
    remixes = [make_remix(batch=batch) for _ in range(3)]

    answer = admin_client.get(f"{URL}?batch={batch.pk}&remixes={remixes[1].pk}").json()

    assert (answer["batch"]["finished"], answer["batch"]["total"]) == (0, 3)
    assert [remix["id"] for remix in answer["remixes"]] == [remixes[1].pk]


def test_1000_remixes_need_three_queries_and_less_than_30_kb(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    batch = make_batch()
    pks = [remix.pk for remix in make_many(1000, batch=batch)]

    with django_assert_num_queries(SIGNING_IN + 3):
        response = admin_client.get(f"{URL}?batch={batch.pk}&remixes={pks[0]}-{pks[-1]}")

    assert len(response.json()["remixes"]) == 1000
    assert len(gzip.compress(response.content)) < 30_000


def test_a_response_changes_with_the_notices(admin_client: Client) -> None:
    remix = make_remix()
    Chain.objects.update_or_create(pk=1, defaults={"worked_at": ago(minutes=5)})
    url = f"{URL}?remixes={remix.pk}"
    asked = admin_client.get(url)

    Remix.objects.update(due_at=ago(minutes=5))
    later = admin_client.get(url, headers={"If-None-Match": asked["ETag"]})

    assert later.status_code == 200
    assert later.json()["notices"] != asked.json()["notices"]


def test_unchanged_progress_is_answered_with_304(admin_client: Client) -> None:
    remix = make_remix(status=Status.PROCESSING, submitted_at=NOON)
    url = f"{URL}?remixes={remix.pk}"
    first = admin_client.get(url)
    known = {"If-None-Match": first["ETag"]}

    same = admin_client.get(url, headers=known)
    remix.request_cancellation()
    Remix.objects.update(queue_position=1)
    changed = admin_client.get(url, headers=known)

    assert (same.status_code, same.content, changed.status_code) == (304, b"", 200)
    for response in (first, same, changed):
        assert response["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("query", ["remixes=", "remixes=999", "", "batch=999"])
def test_missing_remixes_are_left_out(admin_client: Client, query: str) -> None:
    assert told(admin_client, query) == []


@pytest.mark.parametrize(
    "query",
    [
        "remixes=x",
        "remixes=1-",
        "remixes=1-2001",
        "remixes=1-9999999999999999999",
        "batch=x",
        f"remixes={'1,' * 2001}",
    ],
)
def test_an_invalid_query_is_refused(admin_client: Client, query: str) -> None:
    assert admin_client.get(f"{URL}?{query}").status_code == 400


def test_progress_needs_the_permission_to_view_remixes(client: Client) -> None:
    logged_out = client.get(URL)
    log_in(client, "view_video")
    refused = client.get(URL)
    client.logout()
    log_in(client, "view_remix", username="viewer")

    assert (logged_out.status_code, refused.status_code) == (302, 403)
    assert client.get(URL).status_code == 200


def test_post_is_refused(admin_client: Client) -> None:
    assert admin_client.post(URL).status_code == 405
