"""Pages show how far the clip of a remix is made, without a query for each row."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from sora_remix.models import FittedClip, Remix, RemixBatch
from sora_remix.models.status import Status
from sora_remix.recipe import Recipe
from tests.admin_urls import change_url, compare_url, tree_url
from tests.checkout import grid_of, make_clip
from tests.factories import make_remix

pytestmark = pytest.mark.django_db

LIST = "/admin/sora_remix/remix/"
PART = Recipe(start=Decimal(2), end=Decimal(10)).to_text()
SAID = "being fitted, 3 of 8 s"


def _fitting(**values: Any) -> Remix:
    """Make a remix whose clip is being made."""
    source = make_clip(title="Sea", duration=20)
    clip = FittedClip.objects.create(
        source=source, made_from=str(source.file), recipe=PART, seconds_done=Decimal("3.2")
    )
    return make_remix(source=source, recipe=PART, clip=clip, status=Status.QUEUED, **values)


def _batch() -> RemixBatch:
    batch = RemixBatch.objects.start([], by=AnonymousUser())
    batch.confirm()
    return batch


def test_list_grid_and_page_show_how_much_of_the_clip_is_made(admin_client: Client) -> None:
    batch = _batch()
    remix = _fitting(batch=batch)

    for url in (LIST, grid_of(batch), change_url(remix)):
        page = admin_client.get(url).content.decode()
        assert f'data-fitting="{SAID}"' in page
        assert f"{SAID}</span>" in page


def test_open_pages_are_told(admin_client: Client) -> None:
    remix = _fitting()

    told = admin_client.get(f"{LIST}progress/?remixes={remix.pk}").json()["remixes"]

    assert [one["fitting"] for one in told] == [SAID]


@pytest.mark.parametrize("page", ["list", "grid"])
def test_more_clips_take_no_more_queries(admin_client: Client, page: str) -> None:
    batch = _batch()
    url = LIST if page == "list" else grid_of(batch)
    counts = []
    admin_client.get(url)  # what is read once for all pages
    for _ in range(2):
        for _ in range(4):
            _fitting(batch=batch)
        with CaptureQueriesContext(connection) as queries:
            assert SAID in admin_client.get(url).content.decode()
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_page_of_a_remix_says_from_which_part_it_was_made(admin_client: Client) -> None:
    fitted = admin_client.get(change_url(_fitting())).content.decode()
    plain = admin_client.get(change_url(make_remix())).content.decode()

    assert "0:02 to 0:10, as MP4 (H.264, AAC)" in fitted
    assert "the whole video, as it is" in plain


def test_comparison_and_tree_name_the_part(admin_client: Client) -> None:
    remix = _fitting()
    result = make_clip(title="Result", root=remix.source)
    Remix.objects.filter(pk=remix.pk).update(result=result, status=Status.SUCCEEDED)

    for url in (compare_url(remix.source, result), tree_url(result)):
        assert "0:02 to 0:10" in admin_client.get(url).content.decode()
