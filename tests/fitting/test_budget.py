"""A clip stays below the size that its recipe sets."""

from __future__ import annotations

import random
from fractions import Fraction

import pytest
from av.video.frame import VideoFrame

from sora_remix.fitting import clips
from sora_remix.fitting.budget import Rates, rates_within
from sora_remix.fitting.errors import OverSize
from tests.fitting.footage import Footage, film, watch
from tests.fitting.making import fit


@pytest.mark.parametrize("seconds", [Fraction(1, 3), Fraction(10), Fraction(600)])
@pytest.mark.parametrize("megabytes", [5, 50, 1000])
def test_rates_add_up_to_less_than_the_size(seconds: Fraction, megabytes: int) -> None:
    rates = rates_within(megabytes * 10**6, seconds, Fraction(30))

    assert rates.pictures is not None
    bits = (rates.pictures + rates.sound) * seconds + rates.buffer
    assert bits < 8 * megabytes * 10**6


def _noise(number: int, width: int, height: int) -> VideoFrame:
    return VideoFrame.from_bytes(random.Random(number).randbytes(width * height * 4), width, height)


@pytest.fixture(scope="module")
def noise() -> bytes:
    """Two seconds that can hardly be compressed."""
    return film(Footage(draw=_noise))


@pytest.mark.parametrize("most", [300_000, 100_000, 20_000])
def test_clip_is_as_small_as_the_recipe_says(noise: bytes, most: int) -> None:
    clip = fit(noise, max_bytes=most)

    assert most / 2 < len(clip) <= most
    assert len(watch(clip, with_numbers=False).times) == 50


def test_clip_of_unknown_length_is_as_small_as_the_recipe_says() -> None:
    live = Footage(container="webm", codec="libvpx", sound="libopus", seekable=False, draw=_noise)

    assert len(fit(film(live), max_bytes=100_000)) <= 100_000


def test_second_attempt_has_lower_rates(noise: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    tried: list[Rates] = []
    encode = clips.encode

    def remember(*arguments: object) -> None:
        tried.append(arguments[-1])  # type: ignore[arg-type]
        if len(tried) == 1:
            raise OverSize
        encode(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(clips, "encode", remember)

    assert len(fit(noise, max_bytes=100_000)) <= 100_000
    assert len(tried) == 2


def test_size_that_no_clip_can_have_is_refused_after_two_attempts(noise: bytes) -> None:
    with pytest.raises(OverSize):
        fit(noise, max_bytes=5000)
