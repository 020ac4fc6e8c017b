"""The first page of the example site shows the approved videos."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.test import Client, override_settings
from pytest_django import DjangoAssertNumQueries

from example_project.views import PER_PAGE
from sora_remix.models import Approval
from tests.approved_videos import show
from tests.factories import make_video

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _storage(media_root: Path) -> None:
    """Keep files where no other test sees them."""


def test_only_approved_videos_are_public(client: Client) -> None:
    show(title="Sea")
    make_video(title="Secret", file="a.mp4")
    make_video(title="Rejected", file="b.mp4", approval=Approval.REJECTED)

    page = client.get("/").content.decode()

    assert "<h2>Sea</h2>" in page
    assert page.count("<video") == 1
    assert "Secret" not in page
    assert "Rejected" not in page


def test_an_empty_page_says_how_to_approve_a_video(client: Client) -> None:
    page = client.get("/").content.decode()

    assert '<a href="/admin/">' in page
    assert "No videos have been approved yet" in page
    assert 'href="/admin/sora_remix/video/review/"' in page


def test_further_videos_are_on_another_page_and_need_no_further_query(
    client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(PER_PAGE + 1):
        show(title=f"Sea {number}")

    with django_assert_num_queries(2):
        first = client.get("/").content.decode()
    second = client.get("/?page=2").content.decode()

    assert (first.count("<video"), second.count("<video")) == (PER_PAGE, 1)
    assert 'rel="next" href="?page=2"' in first
    assert 'rel="prev" href="?page=1"' in second


@override_settings(LANGUAGE_CODE="de")
def test_page_declares_its_language(client: Client) -> None:
    show()

    page = client.get("/", headers={"Accept-Language": "de"}).content.decode()

    assert '<html lang="en">' in page
    assert "Made with AI" in page
