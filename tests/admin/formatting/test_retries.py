"""A remix with failing steps shows their number, their start, and the next try."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from sora_remix.admin.formatting import outcomes, retries
from sora_remix.models import SourceCopy
from sora_remix.models.status import Status
from tests.checkout import make_clip
from tests.factories import ago, make_remix
from tests.remix_actions import LIST, log_in

pytestmark = pytest.mark.django_db

COLLECTED = {"status": Status.PROCESSING, "completed_at": ago(hours=1)}
ERROR = "ConnectError: <b>no</b> route"


@pytest.mark.parametrize(
    ("values", "step", "charge"),
    [
        ({"status": Status.QUEUED}, "sending", "Nothing is charged."),
        (
            {"status": Status.PROCESSING},
            "checking the progress at fal",
            "Nothing more is charged.",
        ),
        (COLLECTED, "collecting the result", "Nothing more is charged."),
        ({"status": Status.STORING}, "collecting the result", "Nothing more is charged."),
    ],
)
def test_each_failing_step_is_named_with_its_cost(
    values: dict[str, Any], step: str, charge: str
) -> None:
    remix = make_remix(failures=3, failing_since=ago(minutes=5), due_at=ago(minutes=-5), **values)

    said = outcomes.explain(remix)

    assert re.fullmatch(
        f"Since .+, {step} has failed 3 times\\. {charge} At .+, the site tries again\\.$", said
    )


def test_one_failure_is_described_in_the_singular() -> None:
    remix = make_remix(failures=1, failing_since=ago(minutes=5))

    assert "sending has failed 1 time." in outcomes.explain(remix)


def test_overdue_try_is_not_announced_for_a_past_time() -> None:
    remix = make_remix(failures=1, failing_since=ago(minutes=5), due_at=ago(minutes=1))

    assert outcomes.explain(remix).endswith("The next attempt is due now.")


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.SUCCEEDED])
def test_old_failures_are_not_shown(status: str) -> None:
    remix = make_remix(status=status, failures=3, failing_since=ago(minutes=5))

    assert "failed" not in outcomes.explain(remix)


def test_times_are_shown_on_a_site_without_time_zones(settings: Any) -> None:
    remix = make_remix(failures=1)
    settings.USE_TZ = False
    remix.failing_since = ago(minutes=5)
    remix.due_at = ago(minutes=-5)

    assert "sending has failed 1 time." in retries.tries(remix)


@pytest.mark.parametrize(("held", "shown"), [((), False), (("view_exchange",), True)])
def test_page_shows_the_last_error_to_users_with_the_permission(
    client: Client, held: tuple[str, ...], shown: bool
) -> None:
    log_in(client, "view_remix", *held)
    remix = make_remix(**COLLECTED, failures=2, failing_since=ago(hours=1), error_message=ERROR)

    page = client.get(f"{LIST}{remix.pk}/change/").content.decode()

    assert "collecting the result has failed 2 times." in page
    assert ("Last error: <code>ConnectError: &lt;b&gt;no&lt;/b&gt; route</code>" in page) is shown
    assert ("no&lt;/b&gt; route" in page) is shown


def test_page_of_a_remix_without_failures_shows_no_last_error(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED, error_message=ERROR)

    page = admin_client.get(f"{LIST}{remix.pk}/change/").content.decode()

    assert "Last error" not in page


def test_page_shows_a_failing_upload_while_the_remix_waits_for_it(
    admin_client: Client,
) -> None:
    remix = make_remix(source=make_clip(), endpoint="flux-3", is_ready=False)
    url = f"{LIST}{remix.pk}/change/"
    before = admin_client.get(url).content.decode()
    SourceCopy.objects.create(
        name=str(remix.source.file), failures=4, failing_since=ago(hours=1), error_message=ERROR
    )

    page = admin_client.get(url).content.decode()

    assert "uploading a file to fal has failed 4 times." in page
    assert "Last error: <code>ConnectError" in page
    assert "uploading" not in before


def test_page_of_a_remix_with_a_removed_endpoint_opens(admin_client: Client) -> None:
    remix = make_remix(endpoint="gone", is_ready=False)

    assert admin_client.get(f"{LIST}{remix.pk}/change/").status_code == 200


def test_multiline_error_is_shortened_to_one_line() -> None:
    said = retries.because("HTTP 503:\n" + "x" * 1000)

    assert said.startswith("Reason: “HTTP 503: xxx")
    assert len(said) < 250
