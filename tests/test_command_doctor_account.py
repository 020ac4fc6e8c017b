"""The doctor says why fal accepts nothing from the account, what to do, and when it is tried."""

from __future__ import annotations

import pytest

from sora_remix.clock import local
from sora_remix.management.doctor.examination import PROBLEM
from sora_remix.management.doctor.local import check_pause
from sora_remix.models import Chain
from tests.factories import ago

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "remedy"),
    [
        ("account_locked", "Add credit at https://fal.ai/dashboard/billing. Remixes wait"),
        ("key_refused", "Set a valid SORA_REMIX_FAL_KEY"),
        ("key_missing", "Set a valid SORA_REMIX_FAL_KEY"),
    ],
)
def test_refused_account_is_shown_with_its_remedy_and_next_try(code: str, remedy: str) -> None:
    Chain.objects.hold_account(code, "HTTP 403: locked", "digest")
    chain = Chain.objects.get()
    assert chain.held_until
    assert chain.held_since

    [line] = check_pause()

    since = f"{local(chain.held_since):%Y-%m-%d %H:%M}"
    assert line.level == PROBLEM
    assert line.text == f"Since {since}, nothing is sent to fal ({code}): HTTP 403: locked"
    assert line.hint.startswith(remedy)
    assert f"tries again by itself at {local(chain.held_until):%H:%M:%S}." in line.hint


def test_due_try_needs_a_remix() -> None:
    Chain.objects.hold_account("account_locked", "", "digest")
    Chain.objects.update(held_until=ago(seconds=1))

    [line] = check_pause()

    assert line.text.endswith("(account_locked).")
    assert "tries again by itself with the next remix." in line.hint
