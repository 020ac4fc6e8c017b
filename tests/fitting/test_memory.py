"""Pictures of the source, which may be large, are not kept while others are decoded."""

from __future__ import annotations

import gc
from typing import Any

import pytest
from av.video.frame import VideoFrame

from sora_remix.fitting import pictures
from tests.fitting.footage import Footage, film
from tests.fitting.making import fit


@pytest.mark.parametrize(
    "recipe",
    [{"width": 80, "height": 44}, {"start": "1", "width": 80, "height": 44}],
    ids=["all", "a part"],
)
def test_one_picture_is_kept_at_most(
    monkeypatch: pytest.MonkeyPatch, recipe: dict[str, Any]
) -> None:
    decoded, kept = pictures._decoded, []
    content = film(Footage(sound="", codec="mpeg4"))
    gc.collect()
    before = _kept()

    def count(packet: Any) -> Any:
        kept.append(_kept() - before)
        return decoded(packet)

    monkeypatch.setattr(pictures, "_decoded", count)
    fit(content, **recipe)

    assert len(kept) > 20
    # It is shown until the next one is known.
    assert max(kept) == 1


def _kept() -> int:
    objects = (one for one in gc.get_objects() if isinstance(one, VideoFrame))
    return sum((one.width, one.height) == (160, 90) for one in objects)
