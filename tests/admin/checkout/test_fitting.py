"""Videos that are fitted count as accepted; visible changes are asked for."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sora_remix.admin.checkout.draft import CHANGED, NOT_ALLOWED
from sora_remix.models import Video
from tests.checkout import draft, errors, make_clip, recalculate
from tests.forms import submit
from tests.html import find, find_all, inner_text, texts

pytestmark = pytest.mark.django_db

PHONE = {"file": "videos/phone.mov", "width": 3840, "height": 2160}
LONG = {"duration": 70}
WIDE = {"width": 3000, "height": 1000}


def _open(client: Client, *videos: Video, endpoint: str = "happy-horse") -> Any:
    return recalculate(client, draft(*videos), {"endpoint": endpoint})


def _change(client: Client, page: Any, **typed: Any) -> Any:
    return submit(client, page, typed, "_recalculate")


def _button(page: Any) -> str:
    return find(page, "input", id="sora-remix-order").get("value", "")


def _card(page: Any, key: str) -> str:
    return inner_text(find(page, "label", id=f"sora-remix-choice-{key}"))


def test_change_without_a_visible_loss_is_made_by_itself(admin_client: Client) -> None:
    page = _open(admin_client, make_clip(**PHONE))

    assert texts(page, "span", "sora-remix-changes")[0] == "3840 × 2160 → 2160 × 1216 px"
    assert _button(page).startswith("Make 1 remix ")
    assert not find_all(page, id="sora-remix-fitting")
    assert not find_all(page, id="sora-remix-left-out")


def test_fitted_videos_count_on_the_cards_of_the_models(admin_client: Client) -> None:
    page = _open(admin_client, make_clip(file="videos/sea.avi"), make_clip(**LONG), make_clip())

    assert "Takes 2 of 3" in _card(page, "flux-3")


def test_video_that_changes_visibly_is_left_out_until_that_is_allowed(
    admin_client: Client,
) -> None:
    videos = make_clip(), make_clip(**LONG), make_clip(**LONG)

    left_out = _open(admin_client, *videos, endpoint="wan-2.7")
    allowed = _change(admin_client, left_out, _agree="1")

    label = "Also fit the 2 videos that change visibly: cut to the first 9.9 s"
    assert texts(left_out, "label", "sora-remix-agree") == [label]
    assert _button(left_out).startswith("Make 1 remix ")
    assert texts(allowed, "label", "sora-remix-agree") == [label]
    assert _button(allowed).startswith("Make 3 remixes ")
    assert "Takes 3 of 3" in _card(allowed, "wan-2.7")


def test_price_is_that_of_the_fitted_clip(admin_client: Client) -> None:
    long = _open(admin_client, make_clip(**LONG), endpoint="wan-2.7")
    cut = _change(admin_client, long, _agree="1")
    short = _open(admin_client, make_clip(duration="9.9"), endpoint="wan-2.7")

    assert _button(cut) == _button(short)
    assert _card(cut, "wan-2.7") == _card(short, "wan-2.7")


@pytest.mark.parametrize(
    ("shape", "label", "changes"),
    [
        ("crop", "Crop the edges", "edges cropped, 3000 × 1000 → 2160 × 864 px"),
        ("pad", "Add black bars", "black bars added, 3000 × 1000 → 2160 × 864 px"),
    ],
)
def test_wrong_aspect_ratio_is_cropped_or_padded_as_chosen(
    admin_client: Client, shape: str, label: str, changes: str
) -> None:
    left_out = _open(admin_client, make_clip(), make_clip(**WIDE))
    shaped = _change(admin_client, left_out, _shape=shape)

    fields = find(left_out, "fieldset", id="sora-remix-shapes")
    assert texts(fields, "legend") == ["The model doesn't accept the aspect ratio of 1 video"]
    assert texts(fields, "label") == ["Leave out", "Crop the edges", "Add black bars"]
    assert _button(left_out).startswith("Make 1 remix ")
    chosen = [one for one in find_all(shaped, "label") if find_all(one, "input", checked="")]
    assert label in map(inner_text, chosen)
    assert changes in texts(shaped, "span", "sora-remix-changes")
    assert _button(shaped).startswith("Make 2 remixes ")


def test_selection_that_fits_only_with_visible_changes_can_be_confirmed(
    admin_client: Client,
) -> None:
    batch = draft(make_clip(**LONG))
    shown = recalculate(admin_client, batch, {"endpoint": "wan-2.7"})
    assert "without a visible change" in shown.content.decode()

    refused = submit(admin_client, shown, {"prompt": "noir"}, "")
    assert errors(refused) == {"__all__": [str(NOT_ALLOWED)]}

    allowed = _change(admin_client, refused, _agree="1")
    submit(admin_client, allowed, {"prompt": "noir"}, "")
    assert batch.remixes.count() == 1


def test_changes_that_the_page_has_not_shown_are_not_confirmed(admin_client: Client) -> None:
    batch = draft(make_clip(), make_clip(**LONG))
    shown = recalculate(admin_client, batch, {"endpoint": "wan-2.7"})

    changed = submit(admin_client, shown, {"prompt": "noir", "_agree": "1"}, "")

    assert errors(changed) == {"__all__": [str(CHANGED)]}
    assert not batch.remixes.exists()


def test_remix_is_made_as_the_page_showed(admin_client: Client) -> None:
    batch = draft(make_clip(file="videos/sea.mov"), make_clip(**LONG))
    shown = recalculate(admin_client, batch, {"endpoint": "wan-2.7"})
    shown = _change(admin_client, shown, _agree="1")

    submit(admin_client, shown, {"prompt": "noir"}, "")

    assert sorted(batch.remixes.values_list("recipe", flat=True)) == [
        "",
        '{"end":"9.9","max_bytes":100000000}',
    ]


def test_allowed_changes_are_remembered_while_another_model_needs_none(
    admin_client: Client,
) -> None:
    page = _open(admin_client, make_clip(**LONG), endpoint="wan-2.7")
    page = _change(admin_client, page, _agree="1")
    page = _change(admin_client, page, endpoint="lucy-restyle")
    page = _change(admin_client, page, endpoint="wan-2.7")

    assert _button(page).startswith("Make 1 remix ")


def test_changes_stand_beside_each_video_of_the_table(admin_client: Client) -> None:
    page = _open(admin_client, make_clip(file="videos/sea.avi"), endpoint="flux-3")

    table = find(page, id="sora-remix-cells")
    assert texts(table, "span", "sora-remix-changes") == ["AVI → MP4 (H.264, AAC)"]
