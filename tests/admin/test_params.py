"""Any parameter of a URL or form is either valid or a bad request."""

from __future__ import annotations

from urllib.parse import urlencode

import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from sora_remix.admin import params
from tests.factories import make_remix, make_video
from tests.html import listed

HIGHEST = str(params.HIGHEST)
TOO_HIGH = str(params.HIGHEST + 1)
NO_KEYS = ("", "-1", "1.5", "٣", "²", "1_000", " 1", "1\n", "\0", TOO_HIGH, "1" * 30, "9" * 5000)
"""Texts that are no primary keys."""


@pytest.mark.parametrize(("text", "pk"), [("0", 0), ("007", 7), (HIGHEST, params.HIGHEST)])
def test_primary_key_is_parsed(text: str, pk: int) -> None:
    assert params.parse_pk(text) == pk


@pytest.mark.parametrize("text", [None, *NO_KEYS])
def test_invalid_primary_key_is_none(text: str | None) -> None:
    assert params.parse_pk(text) is None


def test_primary_keys_are_parsed_once_each_in_order() -> None:
    assert params.parse_pks(["3", "1", "3"], name="remixes") == [3, 1]


@pytest.mark.parametrize("text", NO_KEYS)
def test_list_with_an_invalid_key_is_a_bad_request(text: str) -> None:
    with pytest.raises(BadRequest, match="`remixes` must be primary keys"):
        params.parse_pks(["1", text], name="remixes")


def test_too_many_keys_are_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="`remixes` must not be more than 2"):
        params.parse_pks(["1", "2", "3"], name="remixes", most=2)


def test_ranges_of_keys_are_parsed() -> None:
    assert params.parse_pk_ranges("1,3,7-9,", name="remixes") == [1, 3, 7, 8, 9]


@pytest.mark.parametrize("text", ["1-", "a", f"1-{TOO_HIGH}", f"1-{HIGHEST}", "1-2001", "1 2"])
def test_invalid_or_too_large_ranges_are_a_bad_request(text: str) -> None:
    with pytest.raises(BadRequest):
        params.parse_pk_ranges(text, name="remixes")


def test_text_is_stripped_and_cut() -> None:
    assert params.read_text(QueryDict("note= a long note"), "note", most=6) == "a long"


def test_text_with_nul_is_a_bad_request() -> None:
    with pytest.raises(BadRequest, match="`note` must be text"):
        params.read_text(QueryDict("note=a%00b"), "note", most=6)


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["a\0b", "1" * 30, f"1,{TOO_HIGH}", "9" * 5000])
@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("remix", "batch__id__exact"),
        ("remix", "endpoint"),
        ("remix", "status__exact"),
        ("remix", "id__in"),
        ("video", "approval"),
        ("video", "width__lt"),
        ("remixbatch", "state"),
        ("remixbatch", "id__gt"),
        ("promptpreset", "endpoint"),
        ("budget", "period__exact"),
    ],
)
def test_filter_value_that_a_database_can_not_compare_is_ignored(
    admin_client: Client, model: str, name: str, value: str
) -> None:
    url = reverse(f"admin:sora_remix_{model}_changelist")

    response = admin_client.get(f"{url}?{urlencode({name: value})}")

    assert (response.status_code, response.headers["Location"]) == (302, f"{url}?e=1")


@pytest.mark.django_db
@pytest.mark.parametrize("value", ["1" * 30, "9" * 5000, "٣", "²", "a\0"])
@pytest.mark.parametrize(
    ("url", "name", "more"),
    [
        ("remix_cancel", "remixes", {}),
        ("remix_retry", "remixes", {"_terms": ""}),
        ("video_approve", "videos", {}),
        ("video_changelist", "_selected_action", {"action": "remix_selected"}),
        ("remix_changelist", "_selected_action", {"action": "cancel_selected"}),
    ],
)
def test_form_with_invalid_keys_is_a_bad_request(
    admin_client: Client, url: str, name: str, more: dict[str, str], value: str
) -> None:
    make_remix()

    response = admin_client.post(reverse(f"admin:sora_remix_{url}"), {name: value, **more})

    assert response.status_code == 400


@pytest.mark.django_db
@pytest.mark.parametrize("digits", ["1" * 30, "9" * 5000])
@pytest.mark.parametrize(
    "path",
    [
        "remix/{}/cancel/",
        "remix/{}/request-id/",
        "video/{}/tree/",
        "video/{}/captions/",
        "video/{}/file/file/",
        "video/compare/?left={}",
        "video/review/?video={}",
        "remixbatch/{}/confirm/",
        "remixbatch/{}/cells/",
    ],
)
def test_url_with_too_many_digits_is_not_found(
    admin_client: Client, path: str, digits: str
) -> None:
    send = admin_client.post if "cells" in path else admin_client.get

    response = send(f"/admin/sora_remix/{path.format(digits)}")

    # It is no address of ours: then Django's own looks for a row of that name.
    assert response.status_code in (404, 302)


@pytest.mark.django_db
def test_list_can_be_filtered_by_the_highest_number(admin_client: Client) -> None:
    make_video()
    url = reverse("admin:sora_remix_video_changelist")

    assert len(listed(admin_client.get(f"{url}?id__lt={HIGHEST}"))) == 1
