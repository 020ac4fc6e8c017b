"""The history of a remix names what happened, who did it, and when."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sora_remix import services
from sora_remix.models import Remix, RemixEvent
from sora_remix.models.status import Status
from tests.factories import make_remix
from tests.remix_actions import LIST, ask, confirm, log_in

pytestmark = pytest.mark.django_db

Kind = RemixEvent.Kind


def _history(client: Client, remix: Remix, query: str = "") -> str:
    return client.get(f"{LIST}{remix.pk}/history/{query}").content.decode()


def test_event_of_a_person_is_shown_once_with_the_name(admin_client: Client) -> None:
    remix = make_remix()
    confirm(admin_client, ask(admin_client, "cancel", [remix]))

    page = _history(admin_client, remix)

    assert page.count("Cancelled before it was sent.") == 1
    assert "<td>admin</td>" in page
    assert "1 entry" in page


def test_event_from_code_on_behalf_of_a_person_is_shown_with_the_name(admin_client: Client) -> None:
    remix = make_remix()
    editor = User.objects.create_user("ada", first_name="Ada", last_name="<b>L.</b>")

    services.cancel(remix, by=editor)

    assert "<td>ada (Ada &lt;b&gt;L.&lt;/b&gt;)</td>" in _history(admin_client, remix)


def test_events_of_workers_have_no_person_and_the_newest_is_last(admin_client: Client) -> None:
    remix = make_remix(status=Status.SUBMITTING)
    remix.sending({})
    remix.accepted("fal-1")

    page = _history(admin_client, remix)

    assert page.count("<td>–</td>") == 2
    assert page.index("Sent to fal.") < page.index("fal accepted it.")
    assert "Request id: fal-1" in page


def test_retry_and_its_original_are_linked(admin_client: Client) -> None:
    remix = make_remix(status=Status.FAILED)
    again = services.retry(remix, by=None)

    pages = [_history(admin_client, one) for one in (remix, again)]

    assert f'<a href="{LIST}{again.pk}/change/">{again}</a>' in pages[0]
    assert f'This is a retry of <a href="{LIST}{remix.pk}/change/">{remix}</a>.' in pages[1]


def test_first_request_links_no_other_remix(admin_client: Client) -> None:
    remix = make_remix()
    remix.events.create(kind=Kind.REQUESTED)

    assert "This is a retry of" not in _history(admin_client, remix)


@pytest.mark.parametrize(
    ("code", "cause"),
    [("content_policy_violation", "its content rules"), ("<b>an odd code</b>", "Failed.")],
)
def test_failure_event_shows_the_reason(admin_client: Client, code: str, cause: str) -> None:
    remix = make_remix(status=Status.PROCESSING)
    remix.fail(code, "HTTP 422")

    page = _history(admin_client, remix)

    assert cause in page
    assert "an odd code" not in page


def test_long_history_has_pages(admin_client: Client) -> None:
    remix = make_remix()
    RemixEvent.objects.bulk_create(RemixEvent.of(remix.pk, Kind.REQUEUED) for _ in range(2101))

    first, second = _history(admin_client, remix), _history(admin_client, remix, "?p=2")

    assert first.count("fal asked for it to be sent later.") == 100
    assert '<span class="this-page">2</span>' in second
    assert "…" in first
    assert "2101 entries" in first


def test_remix_without_events_has_an_empty_history(admin_client: Client) -> None:
    assert "No history is recorded." in _history(admin_client, make_remix())


def test_history_of_a_missing_remix_redirects_to_the_index(admin_client: Client) -> None:
    assert admin_client.get(f"{LIST}4711/history/").status_code == 302


def test_history_needs_permission_to_view_remixes(client: Client) -> None:
    log_in(client, "remix_video")

    assert client.get(f"{LIST}{make_remix().pk}/history/").status_code == 403
