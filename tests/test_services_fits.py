"""A draft is confirmed with what may be done to its videos so that they are accepted."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sora_remix import services
from sora_remix.endpoints import Fit
from sora_remix.exceptions import RequestRefused
from sora_remix.models import Remix
from tests.checkout import draft, make_clip

pytestmark = pytest.mark.django_db


def _recipes(remixes: list[Remix]) -> dict[int, str]:
    return {remix.source_id: remix.recipe for remix in remixes}


def test_videos_are_remixed_by_their_plans_and_others_are_left_out() -> None:
    plain, mov, long = make_clip(), make_clip(file="videos/a.mov"), make_clip(duration=70)
    batch = draft(plain, mov, long)
    fits = {video.pk: Fit() for video in (plain, mov, long)}

    remixes = services.confirm(batch, ["noir"], by=None, endpoint="flux-3", fits=fits)

    assert _recipes(remixes) == {plain.pk: "", mov.pk: '{"max_bytes":49999999}'}


def test_visible_change_is_made_where_it_is_allowed() -> None:
    cut, kept = make_clip(duration=70), make_clip(duration=70)
    fits = {cut.pk: Fit(is_agreed=True), kept.pk: Fit()}

    remixes = services.confirm(draft(cut, kept), ["noir"], by=None, endpoint="wan-2.7", fits=fits)

    assert _recipes(remixes) == {cut.pk: '{"end":"9.9","max_bytes":100000000}'}


def test_estimate_is_that_of_the_part() -> None:
    video = make_clip(duration=20)
    fits = {video.pk: Fit(part=(Decimal(2), Decimal(6)))}

    [part] = services.confirm(draft(video), ["noir"], by=None, endpoint="flux-3", fits=fits)
    [whole] = services.confirm(draft(make_clip()), ["noir"], by=None, endpoint="flux-3")

    assert part.estimated_cost == whole.estimated_cost


def test_videos_without_a_wish_are_taken_as_they_are() -> None:
    mov = make_clip(file="videos/a.mov")

    with pytest.raises(RequestRefused, match="There is no video to remix"):
        services.confirm(draft(mov), ["noir"], by=None, endpoint="flux-3")


def test_length_in_a_prompt_is_that_of_the_part() -> None:
    video = make_clip(duration=20)
    fits = {video.pk: Fit(part=(Decimal(2), Decimal("6.5")))}

    [remix] = services.confirm(
        draft(video), ["{seconds} seconds of noir"], by=None, endpoint="flux-3", fits=fits
    )

    assert remix.prompt == "4.5 seconds of noir"
