"""Selected cells of a grid are cancelled, retried, collected again, or remixed."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from sora_remix.models import Remix, RemixBatch
from sora_remix.models.status import Status
from tests.checkout import page_of
from tests.factories import make_remix, make_video
from tests.forms import form_with, submit
from tests.html import messages
from tests.remix_actions import confirm, log_in

pytestmark = pytest.mark.django_db

RUNNING = {"status": Status.PROCESSING, "request_id": "fal-1"}
FAILED = {"status": Status.FAILED, "request_id": "fal-1"}


@pytest.fixture
def batch() -> RemixBatch:
    batch = RemixBatch.objects.start([], by=AnonymousUser())
    batch.confirm()
    return batch


def press(
    client: Client, batch: RemixBatch, act: str, remixes: Iterable[Remix], **more: Any
) -> Any:
    """Tick cells and press a button, as the page does it without a script."""
    page = f"/admin/sora_remix/remixbatch/{batch.pk}/change/"
    ticked = [str(remix.pk) for remix in remixes]
    return submit(client, page, {"cell": ticked}, f"action={act}", **more)


def forge(client: Client, batch: RemixBatch, act: str, remix: Remix, **more: Any) -> Any:
    """Send what the page doesn't offer."""
    url = f"/admin/sora_remix/remixbatch/{batch.pk}/cells/"
    return client.post(url, {"cell": remix.pk, "action": act}, **more)


@pytest.mark.parametrize(
    ("act", "values", "outcome"),
    [
        ("cancel", RUNNING, lambda remix: remix.cancel_requested_at),
        ("retry", FAILED, lambda remix: remix.retries.exists()),
        ("collect_again", FAILED, lambda remix: remix.status == Status.STORING),
    ],
)
def test_action_on_cells_is_confirmed_before_it_runs(
    admin_client: Client, batch: RemixBatch, act: str, values: dict[str, Any], outcome: Any
) -> None:
    remix, other = make_remix(batch=batch, **values), make_remix(batch=batch)

    asked = press(admin_client, batch, act, [remix])
    assert form_with(asked, "_terms").values["remixes"] == str(remix.pk)
    remix.refresh_from_db()
    assert not outcome(remix)
    done = confirm(admin_client, asked)

    remix.refresh_from_db()
    other.refresh_from_db()
    assert outcome(remix)
    assert (other.status, other.cancel_requested_at) == (Status.QUEUED, None)
    assert done.redirect_chain[0][0].endswith(f"?batch__id__exact={batch.pk}")


def test_results_of_selected_cells_can_be_remixed(
    admin_client: Client, admin_user: Any, batch: RemixBatch
) -> None:
    results = [make_video(), make_video()]
    remixes = [
        make_remix(batch=batch, status=Status.SUCCEEDED, result=result) for result in results
    ]
    make_remix(batch=batch, status=Status.SUCCEEDED, result=make_video())

    response = press(admin_client, batch, "further", remixes)

    further = RemixBatch.objects.drafts().get()
    assert response.url == page_of(further)
    assert set(further.videos.all()) == set(results)
    assert further.created_by == admin_user


def test_cells_without_a_video_can_not_be_remixed(admin_client: Client, batch: RemixBatch) -> None:
    made = make_remix(batch=batch, status=Status.SUCCEEDED, result=make_video())
    running = make_remix(batch=batch, **RUNNING)

    some = press(admin_client, batch, "further", [made, running], follow=True)
    none = press(admin_client, batch, "further", [running], follow=True)

    assert messages(some) == ["1 remix was left out, because it has no video."]
    assert messages(none) == ["Nothing was done, because none of the selected remixes has a video."]
    assert RemixBatch.objects.drafts().count() == 1


def test_empty_selection_changes_nothing(admin_client: Client, batch: RemixBatch) -> None:
    make_remix(batch=batch)

    response = press(admin_client, batch, "cancel", [])

    assert response.url == f"/admin/sora_remix/remixbatch/{batch.pk}/change/?p=1#sora-remix-grid"
    assert messages(admin_client.get(response.url)) == [
        "Nothing was done. Select at least one remix."
    ]


def test_remixes_of_other_batches_are_not_changed(admin_client: Client, batch: RemixBatch) -> None:
    response = forge(admin_client, batch, "cancel", make_remix(), follow=True)

    assert messages(response) == ["Nothing was done. Select at least one remix."]


def test_unknown_action_changes_nothing(admin_client: Client, batch: RemixBatch) -> None:
    response = forge(admin_client, batch, "delete", make_remix(batch=batch))

    assert response.status_code == 302
    assert Remix.objects.get().status == Status.QUEUED


def test_cell_that_is_not_a_number_is_refused(admin_client: Client, batch: RemixBatch) -> None:
    url = f"/admin/sora_remix/remixbatch/{batch.pk}/cells/"

    assert admin_client.post(url, {"cell": "x", "action": "cancel"}).status_code == 400
    assert admin_client.get(url).status_code == 405


@pytest.mark.parametrize(
    ("act", "permissions"),
    [
        ("cancel", ["view_remix", "retry_remix", "remix_video"]),
        ("cancel", ["cancel_remix"]),
        ("retry", ["view_remix", "retry_remix"]),
        ("further", ["view_remix", "view_video"]),
        ("further", ["view_remix", "remix_video"]),
        ("compare", ["view_remix", "remix_video"]),
        ("delete", ["view_remix", "cancel_remix"]),
    ],
)
def test_action_needs_permission_to_view_remixes_and_to_run_it(
    client: Client, batch: RemixBatch, act: str, permissions: list[str]
) -> None:
    remix = make_remix(batch=batch)
    log_in(client, *permissions)
    url = f"/admin/sora_remix/remixbatch/{batch.pk}/cells/"

    assert client.post(url, {"cell": remix.pk, "action": act}).status_code == 403


@pytest.mark.parametrize(
    ("held", "offered"),
    [
        (["cancel_remix"], {"cancel"}),
        (["view_video", "remix_video"], {"further", "compare"}),
        (["remix_video", "retry_remix"], {"retry", "collect_again"}),
    ],
)
def test_only_permitted_actions_are_offered(
    client: Client, batch: RemixBatch, held: list[str], offered: set[str]
) -> None:
    make_remix(batch=batch)
    log_in(client, "view_remix", *held)

    page = client.get(f"/admin/sora_remix/remixbatch/{batch.pk}/change/").content.decode()

    assert set(re.findall('name="action" value="([a-z_]+)"', page)) == offered
    assert 'name="cell"' in page
