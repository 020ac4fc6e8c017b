"""An editor chooses among the endpoints that can take the videos."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from sora_remix.admin.checkout.endpoints import why_not
from sora_remix.admin.formatting import money
from sora_remix.clock import today
from sora_remix.endpoints import Price, choosable
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import EndpointFact, Video
from tests.factories import make_video
from tests.ordering import SORA, draft, make_clip, page_of, text_of

pytestmark = pytest.mark.django_db


def test_a_retired_endpoint_is_announced_with_its_day(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": {**SORA, "ends_on": date(2026, 9, 24)}}
    settings.SORA_REMIX_ENDPOINT = "any"

    page = text_of(admin_client, draft())

    assert "was switched off by its provider on Sept. 24, 2026" in page


def test_a_living_endpoint_is_not_announced_as_retired(
    admin_client: Client, any_endpoint: None
) -> None:
    assert "was switched off" not in text_of(admin_client, draft())


def _endpoints(client: Client, *videos: Video) -> Any:
    return client.get(page_of(draft(*videos))).context["draft"].endpoints


def _keys(endpoints: Any) -> list[str]:
    return [choice.endpoint.key for choice in endpoints.available]


def test_the_endpoint_of_the_site_comes_first_when_it_can_take_a_video(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINT = "sora-2"

    endpoints = _endpoints(admin_client, make_video(), make_clip())

    assert _keys(endpoints)[:2] == ["sora-2", "flux-3"]
    assert endpoints.preferred.key == "sora-2"


def test_its_successor_comes_first_when_it_can_take_none(admin_client: Client) -> None:
    endpoints = _endpoints(admin_client, make_clip())

    assert _keys(endpoints)[0] == endpoints.preferred.key == "flux-3"
    assert "sora-2" not in _keys(endpoints)


def test_else_the_first_that_can_take_one_comes_first(admin_client: Client) -> None:
    endpoints = _endpoints(admin_client, make_clip(duration=60))

    assert endpoints.preferred.key == "gemini-omni"


def test_a_switched_off_endpoint_that_the_site_did_not_choose_is_not_offered(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINT = "flux-3"

    endpoints = _endpoints(admin_client, make_video(file="videos/sea.mp4"))

    assert "sora-2" not in _keys(endpoints)
    reasons = {endpoint.key: reason for endpoint, reason in endpoints.unavailable}
    assert reasons["sora-2"] == "Its provider switched it off on Sept. 24, 2026."


def test_what_cannot_take_any_is_listed_with_the_reason_of_most(admin_client: Client) -> None:
    clips = [make_clip(duration=seconds) for seconds in (20, 20, 1)]

    endpoints = _endpoints(admin_client, *clips)

    reasons = {endpoint.key: reason for endpoint, reason in endpoints.unavailable}
    assert reasons["kling-o3"] == "It is 20 s long, but the endpoint accepts at most 15 s."
    assert "kling-o3" not in _keys(endpoints)


def test_without_any_choice_the_reasons_are_open_to_read(admin_client: Client) -> None:
    page = text_of(admin_client, draft(make_clip(file="videos/sea.avi")))

    assert '<details class="sora-remix-others" open>' in page
    assert "It is a file of type AVI, but only MP4 can be sent." in page
    assert 'name="endpoint"' not in page


def test_a_switched_off_site_without_any_living_endpoint_is_told_about_itself(
    admin_client: Client, settings: Settings
) -> None:
    gone = {"ends_on": date(2026, 9, 24), "successor": ""}
    settings.SORA_REMIX_ENDPOINT = "sora-2"
    settings.SORA_REMIX_ENDPOINTS = {
        key: replace(endpoint, **gone)  # type: ignore[arg-type]
        for key, endpoint in BUILT_IN.items()
    }

    endpoints = _endpoints(admin_client, make_clip())

    assert (endpoints.preferred.key, _keys(endpoints)) == ("sora-2", [])


def test_without_a_setting_what_takes_the_selection_is_listed_and_chosen_first(
    admin_client: Client,
) -> None:
    endpoints = _endpoints(admin_client, make_clip(), make_video(file="videos/sea.mp4"))

    assert _keys(endpoints)[:2] == ["flux-3", "sora-2"]
    assert endpoints.preferred.key == "flux-3"


def test_each_choice_has_its_vendor_and_the_least_it_charges(admin_client: Client) -> None:
    page = text_of(admin_client, draft(make_video(file="videos/sea.mp4")))

    assert "from $0.72 per video" in page
    assert "about $0.10 per second" in page
    assert "from about $0.28 per second" in page
    assert "Black Forest Labs" in page
    assert page.count("switched off</span>") == 1


@pytest.mark.parametrize(
    ("video", "reason"),
    [
        ({"is_deleted_at_provider": True}, "Its provider has deleted it"),
        ({"sora_id": "", "file": "videos/sea.avi"}, "It is a file of type AVI"),
        ({"sora_id": "", "file": ""}, "It is not a Sora generation"),
    ],
)
def test_the_reason_against_a_video_speaks_of_what_it_is(
    video: dict[str, Any], reason: str
) -> None:
    assert str(why_not(make_video(**video), choosable([], today()))).startswith(reason)


def test_there_is_no_reason_against_what_any_endpoint_can_take() -> None:
    assert why_not(make_clip(), choosable([], today())) is None
    assert why_not(make_video(), choosable([], today())) is None


@pytest.mark.parametrize(
    ("price", "shown"),
    [
        (Price(), "cost unknown"),
        (Price(per_run={"": Decimal(2)}), "$2.00 per video"),
        (
            Price(per_run={"": Decimal(2)}, per_source_second={"": Decimal("0.1")}),
            "$2.00 per video + $0.10 per second",
        ),
        (Price(per_run={"": Decimal(0)}), "$0.00 per second"),
    ],
)
def test_the_least_that_is_charged_is_shown_as_it_is_counted(price: Price, shown: str) -> None:
    assert money.rate(price) == shown


def test_what_fal_has_declared_gone_is_not_offered_and_said_to_be_gone(
    admin_client: Client,
) -> None:
    EndpointFact.objects.note_retired(BUILT_IN["flux-3"].endpoint_id)

    endpoints = _endpoints(admin_client, make_clip())

    assert "flux-3" not in [one.endpoint.key for one in endpoints.available]
    others = {endpoint.key: reason for endpoint, reason in endpoints.unavailable}
    assert others["flux-3"].startswith("fal has not offered it since")


def test_a_site_whose_only_endpoint_is_gone_can_still_open_the_page(admin_client: Client) -> None:
    for endpoint in BUILT_IN.values():
        EndpointFact.objects.note_retired(endpoint.endpoint_id)

    endpoints = _endpoints(admin_client, make_clip())

    assert (endpoints.available, endpoints.preferred.key) == ([], "sora-2")


def test_the_list_of_videos_can_be_opened_when_every_endpoint_is_gone(
    admin_client: Client,
) -> None:
    make_clip()
    for endpoint in BUILT_IN.values():
        EndpointFact.objects.note_retired(endpoint.endpoint_id)

    page = admin_client.get("/admin/sora_remix/video/?remixable=no").content.decode()

    assert "fal no longer offers any of this site" in page


def test_the_list_of_videos_knows_what_is_gone(admin_client: Client) -> None:
    make_video()
    EndpointFact.objects.note_retired(BUILT_IN["sora-2"].endpoint_id)

    page = admin_client.get("/admin/sora_remix/video/").content.decode()

    assert "It has no file that can be sent." in page
