"""The sweep settles what nobody works on any more."""

from __future__ import annotations

import pytest

from sora_remix import engine
from sora_remix.models import Remix, RemixBatch
from tests.factories import ago, make_remix

pytestmark = pytest.mark.django_db(transaction=True)

Status = Remix.Status


def test_sweep_marks_lost_sends_as_unconfirmed() -> None:
    dead = make_remix(status=Status.SUBMITTING, leased_until=ago(seconds=1))
    alive = make_remix(status=Status.SUBMITTING, leased_until=ago(seconds=-20))

    engine.sweep()

    dead.refresh_from_db()
    alive.refresh_from_db()
    assert (dead.status, alive.status) == (Status.UNCONFIRMED, Status.SUBMITTING)


def test_sweep_deletes_only_old_drafts() -> None:
    old, young, confirmed = (RemixBatch.objects.start([], by=None) for _ in range(3))
    assert confirmed.confirm()
    RemixBatch.objects.exclude(pk=young.pk).update(created_at=ago(days=8))

    engine.sweep()

    assert set(RemixBatch.objects.all()) == {young, confirmed}
    assert old not in RemixBatch.objects.all()
