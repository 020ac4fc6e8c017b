"""Pages show the progress of remixes and what their script needs to update it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils.html import escape, strip_tags

from sora_remix.admin.progress import status
from sora_remix.models import Remix
from sora_remix.models.status import Status
from tests.checkout import draft, remixes_of
from tests.factories import ago, make_remix
from tests.remix_actions import log_in

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/remix/"
NOW = ago()


def text_of(remix: Remix) -> str:
    return unescape(strip_tags(status.state(remix))).strip()


@pytest.mark.parametrize(
    ("seconds", "endpoint", "shown"),
    [
        (65, "sora-2", r"1:0\d so far, usually about 3 minutes$"),
        (3 * 3600 + 5, "sora-2", r"3:00:0\d so far, usually about 3 minutes$"),
        (-60, "sora-2", "0:00 so far, usually about 3 minutes$"),
        (5, "gone", r"0:0\d so far$"),
    ],
)
def test_a_remix_in_progress_shows_its_time(seconds: int, endpoint: str, shown: str) -> None:
    started = ago(seconds=seconds)
    remix = make_remix(status=Status.PROCESSING, submitted_at=started, endpoint=endpoint)

    assert re.search(shown, text_of(remix))


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ({"queue_position": 0}, "Place 1 in fal's queue$"),
        ({"queue_position": 6, "submitted_at": NOW}, r"Place 7 in fal's queue · \d"),
        ({"progress_log": ["<b>loading", "step 1"]}, "<b>loadingstep 1$"),
    ],
)
def test_a_remix_in_progress_shows_its_place_and_log(values: dict[str, Any], shown: str) -> None:
    assert re.search(shown, text_of(make_remix(status=Status.PROCESSING, **values)))


@pytest.mark.parametrize("value", [Status.QUEUED, Status.STORING, *status.OVER])
def test_time_is_shown_only_while_fal_works_on_it(value: str) -> None:
    remix = make_remix(status=value, submitted_at=ago(seconds=65))

    assert "so far" not in status.state(remix)


def test_the_list_and_the_page_of_a_remix_have_the_script(admin_client: Client) -> None:
    remix = make_remix(status=Status.PROCESSING, submitted_at=ago(seconds=65))

    pages = [admin_client.get(url).content.decode() for url in (LIST, f"{LIST}{remix.pk}/change/")]

    for page in pages:
        assert 'src="/static/sora_remix/progress.js"' in page
        assert f'data-remix="{remix.pk}" data-status="processing"' in page
        assert 'data-url="/admin/sora_remix/remix/progress/"' in page
        assert f'data-place="{escape(status.PLACE)}"' in page
        assert '<noscript><p class="help">Reload to see the progress.</p></noscript>' in page
        assert '<p id="sora-remix-said" role="status"></p>' in page


def test_the_list_of_a_batch_shows_its_progress_and_links_to_its_grid(
    admin_client: Client,
) -> None:
    batch = draft()
    make_remix(batch=batch, status=Status.SUCCEEDED)
    make_remix(batch=batch)

    page = admin_client.get(remixes_of(batch)).content.decode()

    assert '<progress id="sora-remix-bar" max="2" value="1"' in page
    grid = f"/admin/sora_remix/remixbatch/{batch.pk}/change/"
    assert f'<a href="{grid}">Show this batch as a grid</a>' in page


def test_the_list_of_an_empty_batch_has_no_bar(admin_client: Client) -> None:
    page = admin_client.get(remixes_of(draft())).content.decode()

    assert "sora-remix-bar" not in page
    assert "as a grid" not in page


def test_the_link_to_the_grid_needs_the_permission_to_view_batches(client: Client) -> None:
    batch = make_remix(batch=draft()).batch
    assert batch
    log_in(client, "view_remix")

    page = client.get(remixes_of(batch)).content.decode()

    assert "sora-remix-bar" in page
    assert "as a grid" not in page
