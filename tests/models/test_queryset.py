"""Workers claim rows: none is held twice, and none for longer than its lease."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest

from sora_remix.models import Remix, renew_leases
from tests.factories import ago, at_once, make_remix, write_together

Status = Remix.Status
FREE: list[dict[str, Any]] = [{"leased_until": None}, {"leased_until": ago(seconds=1)}]
HELD: dict[str, Any] = {"lease": uuid4(), "leased_until": ago(days=-1)}
FINISHED: dict[str, Any] = {"status": Status.PROCESSING, "completed_at": ago(seconds=1)}


def _make(count: int, **values: Any) -> list[int]:
    return [make_remix(**values).pk for _ in range(count)]


def _pks(remixes: list[Remix]) -> list[int]:
    return [remix.pk for remix in remixes]


@pytest.mark.parametrize(
    ("remix", "due"),
    [
        ({}, True),
        ({"due_at": ago(seconds=1)}, True),
        ({"due_at": ago(days=-1)}, False),
        ({"leased_until": ago(seconds=1)}, True),
        ({"leased_until": ago(days=-1)}, False),
    ],
)
def test_remix_is_due_when_its_time_has_come_and_no_worker_holds_it(
    db: None, remix: dict[str, Any], due: bool
) -> None:
    make_remix(**remix)

    assert Remix.objects.due().exists() is due


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("in_flight", {Status.SUBMITTING, Status.PROCESSING}),
        (
            "unsettled",
            {Status.QUEUED, Status.SUBMITTING, Status.PROCESSING, Status.STORING},
        ),
        ("finished_at_fal", {Status.STORING}),
        ("to_send", {Status.QUEUED}),
        ("to_check", {Status.PROCESSING}),
    ],
)
def test_each_group_of_states_is_found_by_its_method(
    db: None, name: str, expected: set[str]
) -> None:
    for status in Status:
        make_remix(status=status)

    found = getattr(Remix.objects, name)()

    assert {remix.status for remix in found} == expected


def test_remix_finished_at_fal_is_collected_and_not_checked(db: None) -> None:
    remix = make_remix(**FINISHED)

    assert list(Remix.objects.finished_at_fal()) == [remix]
    assert not Remix.objects.to_check().exists()


def test_claim_to_send_takes_the_oldest_up_to_the_limit(db: None) -> None:
    pks = _make(3)

    claimed = Remix.objects.claim_to_send(2)

    assert _pks(claimed) == pks[:2]
    assert {remix.status for remix in claimed} == {Status.SUBMITTING}
    assert Remix.objects.get(pk=pks[2]).status == Status.QUEUED


def test_claimed_remix_is_leased_for_half_a_minute(db: None) -> None:
    make_remix()

    [remix] = Remix.objects.claim_to_send(1)

    assert remix.submitted_at
    assert remix.leased_until
    assert ago(seconds=-25) < remix.leased_until < ago(seconds=-31)


def test_claim_fetches_the_sources(db: None, django_assert_num_queries: Any) -> None:
    _make(2)
    claimed = Remix.objects.claim_to_send(2)

    with django_assert_num_queries(0):
        titles = [remix.source.title for remix in claimed]

    assert titles == ["Sea", "Sea"]


def test_claim_to_check_takes_the_longest_due(db: None) -> None:
    young = make_remix(status=Status.PROCESSING, due_at=ago(seconds=10))
    old = make_remix(status=Status.PROCESSING, due_at=ago(seconds=30))
    oldest = make_remix(status=Status.PROCESSING, due_at=ago(seconds=60))

    claimed = Remix.objects.claim_to_check(2)

    assert {remix.pk for remix in claimed} == {old.pk, oldest.pk}
    assert _pks(Remix.objects.claim_to_check(2)) == [young.pk]


def test_claim_to_collect_takes_only_requested_remixes_that_wait(db: None) -> None:
    finished, storing = make_remix(**FINISHED), make_remix(status=Status.STORING)
    working, queued = make_remix(status=Status.PROCESSING), make_remix()
    make_remix(**FINISHED)

    claimed = Remix.objects.claim_to_collect(
        [remix.pk for remix in (queued, working, storing, finished)]
    )

    assert _pks(claimed) == [finished.pk, storing.pk]


def test_waiting_result_can_be_collected_before_it_is_due(db: None) -> None:
    remix = make_remix(**FINISHED, due_at=ago(days=-1))

    assert _pks(Remix.objects.claim_to_collect([remix.pk])) == [remix.pk]


def _claim(name: str, pks: list[int], most: int = 100) -> list[Remix]:
    argument = pks if name == "claim_to_collect" else most
    claimed: list[Remix] = getattr(Remix.objects, name)(argument)
    return claimed


CLAIMS = [
    ("claim_to_send", {}),
    ("claim_to_check", {"status": Status.PROCESSING}),
    ("claim_to_collect", FINISHED),
    ("claim_to_collect", {"status": Status.STORING}),
]


@pytest.mark.parametrize(("name", "remix"), CLAIMS)
def test_claim_without_work_is_an_empty_list(db: None, name: str, remix: dict[str, Any]) -> None:
    assert _claim(name, []) == []


@pytest.mark.parametrize(("name", "remix"), CLAIMS)
def test_remix_held_by_a_worker_is_not_claimed_by_another(
    db: None, name: str, remix: dict[str, Any]
) -> None:
    pks = _make(2, **remix)

    claims = [_pks(_claim(name, pks)) for _ in range(2)]

    assert claims == [pks, []]


@pytest.mark.parametrize(("name", "remix"), CLAIMS)
@pytest.mark.parametrize("free", FREE, ids=["never held", "lease has run out"])
def test_expired_lease_can_be_claimed(
    db: None, name: str, remix: dict[str, Any], free: dict[str, Any]
) -> None:
    pks = _make(1, **remix, **free, lease=uuid4())

    assert _pks(_claim(name, pks)) == pks


@pytest.mark.parametrize(("name", "remix"), CLAIMS)
def test_new_claim_takes_the_row_from_the_previous_worker(
    db: None, name: str, remix: dict[str, Any]
) -> None:
    pks = _make(1, **remix)
    [first] = _claim(name, pks)
    Remix.objects.update(status=remix.get("status", Status.QUEUED), leased_until=ago(seconds=1))

    [second] = _claim(name, pks)

    assert first.lease != second.lease == Remix.objects.get().lease


@pytest.mark.parametrize(("name", "remix"), CLAIMS)
def test_each_row_is_claimed_by_one_of_several_workers(
    transactional_db: None,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    remix: dict[str, Any],
) -> None:
    pks = _make(6, **remix)
    write_together(monkeypatch, Remix, times=3)

    claims = at_once(lambda: _pks(_claim(name, pks)), times=3)

    assert sorted(pk for claim in claims for pk in claim) == pks


def test_simultaneous_claims_share_the_rows_and_respect_their_limits(
    transactional_db: None,
) -> None:
    _make(6)

    claims = at_once(lambda: _pks(Remix.objects.claim_to_send(2)), times=3)

    taken = [pk for claim in claims for pk in claim]
    assert len(taken) == len(set(taken))
    assert max(map(len, claims)) == 2


def test_lease_is_prolonged_by_its_worker(db: None) -> None:
    make_remix()
    [remix] = Remix.objects.claim_to_send(1)
    Remix.objects.update(leased_until=ago(seconds=-1))

    renew_leases([remix])

    renewed = Remix.objects.get().leased_until
    assert renewed
    assert renewed > ago(seconds=-20)


def test_lease_of_another_worker_is_not_prolonged(db: None) -> None:
    make_remix()
    [remix] = Remix.objects.claim_to_send(1)
    until = ago(seconds=-1)
    Remix.objects.update(lease=uuid4(), leased_until=until)

    renew_leases([remix])

    assert Remix.objects.get().leased_until == until


def test_collect_is_requested_again_only_when_it_is_due(db: None) -> None:
    pks = _make(1, **FINISHED)
    handed = [Remix.objects.hand_over(10) for _ in range(2)]
    due_at = Remix.objects.get().due_at

    Remix.objects.update(due_at=ago(seconds=1))

    assert (handed, Remix.objects.hand_over(10)) == ([pks, []], pks)
    assert ago(seconds=-50) < due_at < ago(seconds=-61)


def test_finished_remixes_without_a_worker_are_handed_over_in_groups(
    db: None,
) -> None:
    make_remix(**FINISHED, **HELD)
    make_remix(status=Status.PROCESSING)
    oldest = make_remix(**FINISHED, due_at=ago(seconds=60))
    pks = [oldest.pk, *_make(1, status=Status.STORING, due_at=ago(seconds=30))]
    _make(1, **FINISHED)

    assert Remix.objects.hand_over(2) == pks


@pytest.mark.parametrize(
    ("remix", "awaited"),
    [
        (FINISHED, True),
        ({"status": Status.STORING}, True),
        ({**FINISHED, "leased_until": ago(seconds=1)}, True),
        ({**FINISHED, "due_at": ago(days=-1)}, True),
        ({**FINISHED, **HELD}, False),
        ({**FINISHED, "failures": 1}, False),
        ({"status": Status.PROCESSING}, False),
        ({"status": Status.SUCCEEDED}, False),
    ],
)
def test_collector_is_awaited_for_results_not_yet_tried(
    db: None, remix: dict[str, Any], awaited: bool
) -> None:
    make_remix(**remix)

    assert Remix.objects.awaits_collector() is awaited


def test_remix_of_a_dead_sender_is_unconfirmed_and_never_sent_again(db: None) -> None:
    make_remix()
    Remix.objects.claim_to_send(1)
    Remix.objects.update(leased_until=ago(seconds=1))

    lost = Remix.objects.give_up_lost_sends()

    remix = Remix.objects.get()
    assert (lost, remix.status, remix.lease) == (1, Status.UNCONFIRMED, None)
    assert remix.error_message == "The worker that was sending it stopped."
    assert Remix.objects.claim_to_send(1) == []


@pytest.mark.parametrize(
    ("status", "leased_until"),
    [
        (Status.SUBMITTING, ago(days=-1)),
        (Status.QUEUED, ago(seconds=1)),
        (Status.PROCESSING, ago(seconds=1)),
        (Status.STORING, ago(seconds=1)),
    ],
)
def test_only_a_send_with_an_expired_lease_is_given_up(
    db: None, status: str, leased_until: Any
) -> None:
    make_remix(status=status, leased_until=leased_until)

    assert Remix.objects.give_up_lost_sends() == 0
    assert Remix.objects.get().status == status


def test_evidence_restores_a_remix_that_was_given_up(db: None) -> None:
    remix = make_remix(status=Status.SUBMITTING, leased_until=ago(seconds=1))
    Remix.objects.give_up_lost_sends()

    remix.accepted("fal-1")

    healed = Remix.objects.get()
    assert (healed.status, healed.request_id) == (Status.PROCESSING, "fal-1")
