"""A remix whose present step fails says how often, since when, and when it is tried again."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client

from sora_remix.admin.formatting import outcomes, retries
from sora_remix.models import SourceCopy
from sora_remix.models.status import Status
from tests.deciding import LIST, log_in
from tests.factories import ago, make_remix
from tests.ordering import make_clip

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
def test_each_step_that_fails_is_named_with_what_it_costs(
    values: dict[str, Any], step: str, charge: str
) -> None:
    remix = make_remix(failures=3, failing_since=ago(minutes=5), due_at=ago(minutes=-5), **values)

    said = outcomes.explain(remix)

    assert re.fullmatch(
        f"Since .+, {step} has failed 3 times\\. {charge} The site tries again at .+\\.", said
    )


def test_one_failure_is_one_time() -> None:
    remix = make_remix(failures=1, failing_since=ago(minutes=5))

    assert "sending has failed 1 time." in outcomes.explain(remix)


def test_a_try_that_is_due_is_not_announced_for_a_time_that_has_passed() -> None:
    remix = make_remix(failures=1, failing_since=ago(minutes=5), due_at=ago(minutes=1))

    assert outcomes.explain(remix).endswith("The next attempt is due now.")


@pytest.mark.parametrize("status", [Status.SUBMITTING, Status.SUCCEEDED])
def test_failures_of_the_past_are_not_told(status: str) -> None:
    remix = make_remix(status=status, failures=3, failing_since=ago(minutes=5))

    assert "failed" not in outcomes.explain(remix)


def test_times_of_a_site_without_time_zones_are_shown_as_they_are(settings: Any) -> None:
    remix = make_remix(failures=1)
    settings.USE_TZ = False
    remix.failing_since = ago(minutes=5)
    remix.due_at = ago(minutes=-5)

    assert "sending has failed 1 time." in retries.tries(remix)


@pytest.mark.parametrize(("held", "shown"), [((), False), (("view_exchange",), True)])
def test_the_page_shows_the_last_error_to_those_who_may_see_it(
    client: Client, held: tuple[str, ...], shown: bool
) -> None:
    log_in(client, "view_remix", *held)
    remix = make_remix(**COLLECTED, failures=2, failing_since=ago(hours=1), error_message=ERROR)

    page = client.get(f"{LIST}{remix.pk}/change/").content.decode()

    assert "collecting the result has failed 2 times." in page
    assert ("Last error: <code>ConnectError: &lt;b&gt;no&lt;/b&gt; route</code>" in page) is shown
    assert ("no&lt;/b&gt; route" in page) is shown


def test_the_page_of_a_remix_that_works_shows_no_last_error(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED, error_message=ERROR)

    page = admin_client.get(f"{LIST}{remix.pk}/change/").content.decode()

    assert "Last error" not in page


def test_the_page_tells_of_an_upload_that_fails_while_the_remix_waits_for_it(
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


def test_the_page_of_a_remix_whose_endpoint_is_gone_is_shown(admin_client: Client) -> None:
    remix = make_remix(endpoint="gone", is_ready=False)

    assert admin_client.get(f"{LIST}{remix.pk}/change/").status_code == 200


def test_an_error_of_many_lines_is_shortened_to_one() -> None:
    said = retries.because("HTTP 503:\n" + "x" * 1000)

    assert said.startswith("Reason: “HTTP 503: xxx")
    assert len(said) < 250
