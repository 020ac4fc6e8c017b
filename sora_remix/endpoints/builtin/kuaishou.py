"""Kling, by Kuaishou."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..audio import Audio
from ..option import Option
from ..price import Price
from ..record import Endpoint
from ..references import References
from ..source import Source

STANDARD = "https://fal.ai/models/fal-ai/kling-video/o3/standard/video-to-video/edit/llms.txt"
PRO = "https://fal.ai/models/fal-ai/kling-video/o3/pro/video-to-video/edit/llms.txt"

KLING_O3 = Endpoint(
    key="kling-o3",
    endpoint_id="fal-ai/kling-video/o3/standard/video-to-video/edit",
    label="Kling O3",
    vendor="Kuaishou",
    # An older page says 3 to 10 s and 720 to 2160 px: https://fal.ai/docs/model-api-reference/video-generation-api/kling-video-o3-standard-video-to-video.md
    source=Source(
        kind="url",
        param="video_url",
        extensions=(".mp4", ".mov"),
        min_seconds=3,
        max_seconds=15,
        max_bytes=200_000_000,
        min_side=720,
        max_side=3840,
        safe_seconds=10,
        safe_side=2160,
    ),
    # From fal's own, older page; an audit of 2026-09-24 saw half as much, 0.126.
    price=Price(
        per_output_second={"": Decimal("0.252")},
        as_of=date(2026, 11, 22),
        url=STANDARD,
        unit_price=Decimal("0.126"),
        is_firm=False,
    ),
    prompt_max=2500,
    prompt_hint=_("In the prompt, call the video @Video1 and the first reference image @Image1."),
    references=References(
        param="image_urls",
        as_list=True,
        maximum=4,
        tag="@Image{n}",
        max_bytes=10_000_000,
        min_side=300,
        min_aspect=Decimal("0.4"),
        max_aspect=Decimal("2.5"),
        label=_("Reference images"),
        help=_("Up to four. In the prompt, call them @Image1, @Image2 and so on."),
    ),
    options=(
        Option(
            name="keep_audio",
            kind="bool",
            default=True,
            label=_("Keep the sound"),
            help=_("The result gets the video's sound."),
        ),
    ),
    ignored=("elements", "shot_type"),
    audio=Audio(policy="switch", param="keep_audio", keep=True, drop=False),
    typical_seconds=90,
    doc_url=STANDARD,
    checked_on=date(2026, 11, 22),
)

KLING_O3_PRO = replace(
    KLING_O3,
    key="kling-o3-pro",
    endpoint_id="fal-ai/kling-video/o3/pro/video-to-video/edit",
    label="Kling O3 Pro",
    # From fal's own, older page; an audit of 2026-09-24 saw half as much, 0.168.
    price=replace(
        KLING_O3.price,
        per_output_second={"": Decimal("0.336")},
        url=PRO,
        unit_price=Decimal("0.168"),
    ),
    typical_seconds=140,
    doc_url=PRO,
)
