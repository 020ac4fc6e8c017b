"""Our pages are valid HTML."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client

from sora_remix.models import Remix, RemixBatch
from tests.admin_urls import change_url, confirm_url, remix_page_url
from tests.approved_videos import show
from tests.checkout import draft, make_clip
from tests.factories import make_remix, make_video
from tests.html_validation import faults

pytestmark = pytest.mark.django_db

PAGE = '<!DOCTYPE html><html lang="en"><head><title>Sea</title></head><body>%s</body></html>'


def _confirmed() -> RemixBatch:
    batch = draft(make_video())
    source = batch.videos.get()
    batch.confirm()
    made = {"status": Remix.Status.SUCCEEDED, "result": show()}
    make_remix(source=source, batch=batch, prompt="noir", **made)
    make_remix(source=source, batch=batch, prompt="rain", status=Remix.Status.PROCESSING)
    return batch


def test_our_pages_are_valid(admin_client: Client, media_root: Path) -> None:
    unconfirmed = make_remix(status=Remix.Status.UNCONFIRMED)
    batch = _confirmed()
    [result] = [remix.result for remix in batch.remixes.all() if remix.result]
    paths = (
        "/",
        "/admin/sora_remix/video/",
        "/admin/sora_remix/video/add/",
        change_url(result),
        "/admin/sora_remix/remix/",
        change_url(unconfirmed),
        remix_page_url("send_again", unconfirmed),
        remix_page_url("request_id", unconfirmed),
        "/admin/sora_remix/remixbatch/",
        change_url(batch),
        confirm_url(draft(make_clip(), make_video())),
    )

    pages = {path: admin_client.get(path) for path in paths}

    assert {page.status_code for page in pages.values()} == {200}
    wrong = {path: faults(page.content.decode()) for path, page in pages.items()}
    assert not any(wrong.values()), wrong


@pytest.mark.parametrize(
    ("broken", "fault"),
    [
        ("<p><figure></p></figure>", "line 1"),
        ('<video src="a" src="b"></video>', "line 1"),
        ("<figure>", "line 1"),
        ('<i id="a"></i><b id="a"></b>', "id twice: a"),
    ],
)
def test_invalid_html_is_found(broken: str, fault: str) -> None:
    assert fault in faults(PAGE % broken)[0]


def test_valid_html_is_accepted() -> None:
    assert faults(PAGE % '<p id="a">Sea</p>') == []
