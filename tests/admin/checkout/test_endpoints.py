"""Editors choose among the endpoints that accept the videos."""

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
from tests.checkout import (
    SORA,
    draft,
    endpoint_of,
    errors,
    forge,
    make_clip,
    page_of,
    recalculate,
    text_of,
)
from tests.factories import make_video
from tests.forms import form_with, submit
from tests.html import find, find_all, inner_text

pytestmark = pytest.mark.django_db


def test_retired_endpoint_is_shown_with_its_last_day(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": {**SORA, "ends_on": date(2026, 9, 24)}}
    settings.SORA_REMIX_ENDPOINT = "any"

    page = text_of(admin_client, draft())

    assert "was switched off by its provider on Sept. 24, 2026" in page


def test_current_endpoint_is_not_shown_as_retired(admin_client: Client, any_endpoint: None) -> None:
    assert "was switched off" not in text_of(admin_client, draft())


def _offered(client: Client, *videos: Video) -> Any:
    return client.get(page_of(draft(*videos)))


def _keys(page: Any) -> list[str]:
    """Return the keys of the endpoints that can be chosen."""
    return [box.get("value", "") for box in find_all(page, "input", name="endpoint")]


def _checked(page: Any) -> list[str]:
    """Return the keys of the endpoints that are chosen."""
    boxes = find_all(page, "input", name="endpoint")
    return [box.get("value", "") for box in boxes if box.get("checked") is not None]


def _card(page: Any, key: str) -> str:
    """Return the text on the card of an endpoint."""
    return inner_text(find(page, "label", id=f"sora-remix-choice-{key}"))


def _preferred(page: Any) -> str:
    """Return the key of the endpoint that the page calculates with."""
    return str(form_with(page, "_terms").values["_shown"])


def _others(page: Any) -> dict[str, str]:
    """Return the reasons against the other endpoints, by their labels."""
    items = find_all(find(page, "details", "sora-remix-others"), "li")
    return {inner_text(find(item, "strong")): inner_text(item) for item in items}


def test_endpoint_of_the_site_is_chosen_first_when_it_accepts_a_video(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINT = "kling-o3"

    offered = _offered(admin_client, make_clip(duration=60), make_clip())

    assert _checked(offered) == ["kling-o3"]
    assert _keys(offered)[0] == "gemini-omni"


def test_successor_is_chosen_first_when_the_endpoint_of_the_site_accepts_none(
    admin_client: Client,
) -> None:
    offered = _offered(admin_client, make_clip())

    assert _keys(offered)[0] == endpoint_of(offered).key == "flux-3"
    assert "sora-2" not in _keys(offered)


def test_first_endpoint_that_accepts_a_video_is_chosen_otherwise(admin_client: Client) -> None:
    offered = _offered(admin_client, make_clip(duration=60))

    assert endpoint_of(offered).key == "gemini-omni"


def test_retired_endpoint_that_the_site_did_not_choose_is_not_offered(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINT = "flux-3"

    offered = _offered(admin_client, make_video(file="videos/sea.mp4"))

    assert "sora-2" not in _keys(offered)
    reason = _others(offered)[str(BUILT_IN["sora-2"])]
    assert reason.endswith("Its provider switched it off on Sept. 24, 2026.")


def test_endpoint_that_accepts_no_video_is_listed_with_the_most_frequent_reason(
    admin_client: Client,
) -> None:
    clips = [make_clip(duration=seconds) for seconds in ("0.5", "0.5", "0.6")]

    offered = _offered(admin_client, *clips)

    reason = _others(offered)[str(BUILT_IN["kling-o3"])]
    assert reason.endswith("It is 0.5 s long, but the model accepts at least 3 s.")
    assert "kling-o3" not in _keys(offered)


def test_reasons_are_expanded_when_no_endpoint_can_be_chosen(admin_client: Client) -> None:
    page = text_of(admin_client, draft(make_clip(file="videos/sea.txt")))

    assert find(page, "details", "sora-remix-others").get("open") is not None
    assert "It is a file of type TXT, but only MP4 can be sent." in page
    assert 'name="endpoint"' not in page


def test_retired_endpoint_of_the_site_is_explained_when_none_is_left(
    admin_client: Client, settings: Settings
) -> None:
    gone = {"ends_on": date(2026, 9, 24), "successor": ""}
    settings.SORA_REMIX_ENDPOINT = "sora-2"
    settings.SORA_REMIX_ENDPOINTS = {
        key: replace(endpoint, **gone)  # type: ignore[arg-type]
        for key, endpoint in BUILT_IN.items()
    }

    offered = _offered(admin_client, make_clip())

    assert (_preferred(offered), _keys(offered)) == ("sora-2", [])


def test_first_endpoint_that_accepts_the_selection_is_chosen_without_a_setting(
    admin_client: Client,
) -> None:
    offered = _offered(admin_client, make_clip(), make_video(file="videos/sea.mp4"))

    assert _keys(offered)[:2] == ["flux-3", "kling-o3"]
    assert endpoint_of(offered).key == "flux-3"


def test_model_shows_the_price_of_this_selection_and_what_it_takes(admin_client: Client) -> None:
    batch = draft(make_clip(duration=4), make_clip(duration="8.25"), make_clip(duration=20))

    page = recalculate(admin_client, batch, {"prompt": ["a", "b"]})

    assert _card(page, "flux-3") == (
        "FLUX 3 $0.74 Takes 2 of 3 · keeps the sound · about 40 seconds"
    )
    assert _card(page, "lucy-restyle") == (
        "Lucy Restyle $0.65 Takes 3 of 3 · sound unknown · about 2 minutes"
    )
    assert "cost unknown" in _card(page, "grok")
    assert "about $6.17" in _card(page, "kling-o3")


def test_models_that_take_more_of_the_videos_come_first(admin_client: Client) -> None:
    page = _offered(admin_client, make_clip(duration=4), make_clip(duration=20))

    taken = [_card(page, key).partition("Takes ")[2][:1] for key in _keys(page)]
    assert taken == sorted(taken, reverse=True)
    assert {*taken} == {"2", "1"}
    assert _keys(page)[0] == endpoint_of(page).key == "gemini-omni"


def test_price_of_a_model_follows_the_unticked_remixes(admin_client: Client) -> None:
    clips = [make_clip(duration=4), make_clip(duration=8)]
    batch = draft(*clips)

    page = forge(admin_client, batch, {"_without": f"{clips[1].pk}:0", "_rows": "", "_enter": "1"})

    assert "$0.12" in _card(page, "flux-3")
    assert "$0.04" in _card(page, "lucy-restyle")


def test_first_models_are_shown_and_the_others_folded(admin_client: Client) -> None:
    batch = draft(make_clip())
    page = text_of(admin_client, batch)
    chosen = recalculate(admin_client, batch, {"endpoint": "luma-3.2"})

    folded = [find(one, "details", id="sora-remix-more-models") for one in (page, chosen)]
    assert inner_text(find(folded[0], "summary")) == "5 more models"
    assert [one.get("open") is not None for one in folded] == [False, True]
    assert len(find_all(folded[0], "input", name="endpoint")) == 5


@pytest.mark.parametrize("named", ["", "sora-2"])
def test_switched_off_model_is_not_offered_beside_a_current_one(
    admin_client: Client, settings: Settings, named: str
) -> None:
    settings.SORA_REMIX_ENDPOINT = named

    offered = _offered(admin_client, make_video(), make_video(file="videos/sea.mp4"), make_clip())

    assert "sora-2" not in _keys(offered)
    assert endpoint_of(offered).key == "flux-3"
    assert "switched it off" in _others(offered)["Sora 2"]


@pytest.mark.parametrize("named", ["", "sora-2"])
def test_switched_off_model_is_offered_but_not_chosen_where_no_other_takes_the_videos(
    admin_client: Client, settings: Settings, named: str
) -> None:
    settings.SORA_REMIX_ENDPOINT = named

    offered = _offered(admin_client, make_video())

    assert (_keys(offered), _checked(offered)) == (["sora-2"], [])
    assert _card(offered, "sora-2").startswith("Sora 2 switched off $0.40")
    assert "fal will most likely refuse" in offered.content.decode()


def test_nothing_is_confirmed_until_a_switched_off_model_is_chosen(admin_client: Client) -> None:
    batch = draft(make_video())
    shown = admin_client.get(page_of(batch))

    refused = submit(admin_client, shown, {"prompt": "noir"}, "")
    assert errors(refused) == {"endpoint": ["Choose a model."]}
    assert not batch.remixes.exists()

    submit(admin_client, refused, {"prompt": "noir", "endpoint": "sora-2"}, "")
    assert batch.remixes.get().endpoint == "sora-2"


@pytest.mark.parametrize(
    ("video", "reason"),
    [
        ({"is_deleted_at_provider": True}, "Its provider has deleted it"),
        ({"sora_id": "", "file": "videos/sea.txt"}, "It is a file of type TXT"),
        ({"sora_id": "", "file": ""}, "It is not a Sora generation"),
    ],
)
def test_reason_against_a_video_depends_on_its_kind(video: dict[str, Any], reason: str) -> None:
    assert str(why_not(make_video(**video), choosable([], today()))).startswith(reason)


def test_video_that_any_endpoint_accepts_has_no_reason_against_it() -> None:
    assert why_not(make_clip(), choosable([], today())) is None
    assert why_not(make_clip(file="videos/sea.avi", duration=70), choosable([], today())) is None
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
def test_lowest_price_is_shown_in_the_unit_that_is_charged(price: Price, shown: str) -> None:
    assert money.rate(price) == shown


def test_endpoint_retired_by_fal_is_not_offered_and_is_shown_as_retired(
    admin_client: Client,
) -> None:
    EndpointFact.objects.note_retired(BUILT_IN["flux-3"].endpoint_id)

    offered = _offered(admin_client, make_clip())

    assert "flux-3" not in _keys(offered)
    assert "fal has not offered it since" in _others(offered)[str(BUILT_IN["flux-3"])]


def test_model_that_is_retired_while_the_page_is_open_must_be_chosen_anew(
    admin_client: Client,
) -> None:
    batch = draft(make_clip())
    form = form_with(admin_client.get(page_of(batch)), "_terms")
    EndpointFact.objects.note_retired(BUILT_IN["flux-3"].endpoint_id)

    answer = admin_client.post(form.action, form.data({"endpoint": "flux-3", "prompt": "noir"}))

    assert errors(answer)["endpoint"] == ["Choose a model."]
    assert not batch.remixes.exists()


def test_page_opens_when_the_only_endpoint_is_retired(admin_client: Client) -> None:
    for endpoint in BUILT_IN.values():
        EndpointFact.objects.note_retired(endpoint.endpoint_id)

    offered = _offered(admin_client, make_clip())

    assert (_keys(offered), _preferred(offered)) == ([], "sora-2")


def test_list_of_videos_opens_when_every_endpoint_is_retired(
    admin_client: Client,
) -> None:
    make_clip()
    for endpoint in BUILT_IN.values():
        EndpointFact.objects.note_retired(endpoint.endpoint_id)

    page = admin_client.get("/admin/sora_remix/video/?remixable=no").content.decode()

    assert "fal no longer offers any of this site" in page


def test_list_of_videos_excludes_retired_endpoints(admin_client: Client) -> None:
    make_video()
    EndpointFact.objects.note_retired(BUILT_IN["sora-2"].endpoint_id)

    page = admin_client.get("/admin/sora_remix/video/").content.decode()

    assert "It has no file that can be sent." in page
