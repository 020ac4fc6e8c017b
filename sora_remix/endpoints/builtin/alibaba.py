"""Wan and Happy Horse, by Alibaba."""

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

WAN_URL = "https://fal.ai/models/fal-ai/wan/v2.7/edit-video/llms.txt"
HAPPY_HORSE_URL = "https://fal.ai/models/alibaba/happy-horse/video-edit/llms.txt"

RESOLUTION = Option(
    name="resolution",
    kind="enum",
    choices=("720p", "1080p"),
    default="1080p",
    label=_("Resolution"),
)
AUDIO_SETTING = Option(
    name="audio_setting",
    kind="enum",
    choices=("auto", "origin"),
    default="auto",
    label=_("Sound"),
    help=_("“origin” keeps the video's sound, “auto” lets the model decide."),
)
SEED = Option(
    name="seed",
    kind="int",
    label=_("Seed"),
    help=_("With the same seed, the same request gives a similar result."),
    advanced=True,
)
SAFETY_CHECKER = Option(
    name="enable_safety_checker",
    kind="bool",
    default=True,
    label=_("Safety checker"),
    help=_("Refuses content it considers unsafe."),
    advanced=True,
)
AUDIO = Audio(policy="switch", param="audio_setting", keep="origin")

WAN_2_7 = Endpoint(
    key="wan-2.7",
    endpoint_id="fal-ai/wan/v2.7/edit-video",
    label="Wan 2.7",
    vendor="Alibaba",
    source=Source(
        kind="url",
        param="video_url",
        extensions=(".mp4", ".mov"),
        min_seconds=2,
        max_seconds=10,
        max_bytes=100_000_000,
    ),
    # fal's own page says 0.10 for all; one audit saw 0.15 at 1080p, another that the seconds of
    # the source count as well.
    price=Price(
        per_output_second={"": Decimal("0.10")},
        duration_option="duration",
        duration_cuts=True,
        as_of=date(2026, 11, 22),
        url=WAN_URL,
        unit_price=Decimal("0.10"),
        is_firm=False,
    ),
    references=References(
        param="reference_image_url",
        as_list=False,
        maximum=1,
        label=_("Reference image"),
        help=_("An image of something the prompt mentions."),
    ),
    options=(
        RESOLUTION,
        Option(
            name="aspect_ratio",
            kind="enum",
            choices=("16:9", "9:16", "1:1", "4:3", "3:4"),
            label=_("Aspect ratio"),
            help=_("Width to height of the result. Leave empty to keep the video's."),
        ),
        Option(
            name="duration",
            kind="enum",
            choices=(0, 2, 3, 4, 5, 6, 7, 8, 9, 10),
            default=0,
            label=_("Seconds"),
            help=_("Number of seconds to use, counted from the start. 0 uses all of them."),
        ),
        AUDIO_SETTING,
        replace(SEED, minimum=0, maximum=2147483647),
        SAFETY_CHECKER,
    ),
    audio=AUDIO,
    doc_url=WAN_URL,
    checked_on=date(2026, 11, 22),
)

HAPPY_HORSE = Endpoint(
    key="happy-horse",
    endpoint_id="alibaba/happy-horse/video-edit",
    label="Happy Horse",
    vendor="Alibaba",
    source=Source(
        kind="url",
        param="video_url",
        extensions=(".mp4", ".mov"),
        min_seconds=3,
        max_seconds=60,
        cut_at_seconds=15,
        max_bytes=100_000_000,
        min_side=320,
        max_side=2160,
        min_aspect=Decimal("0.4"),
        max_aspect=Decimal("2.5"),
        # "Over 8": the least that three decimal places can hold.
        min_fps=Decimal("8.001"),
    ),
    # fal's own page has 0.28 and 0.56 for both sides together; an audit saw half of it.
    price=Price(
        by=("resolution",),
        per_source_second={"720p": Decimal("0.14"), "1080p": Decimal("0.28")},
        per_output_second={"720p": Decimal("0.14"), "1080p": Decimal("0.28")},
        as_of=date(2026, 11, 29),
        url=HAPPY_HORSE_URL,
        unit_price=Decimal("0.14"),
        is_firm=False,
    ),
    prompt_max=2500,
    prompt_hint=_("In the prompt, call the first reference image @Image1."),
    references=References(
        param="reference_image_urls",
        as_list=True,
        maximum=5,
        tag="@Image{n}",
        max_bytes=10_000_000,
        min_side=300,
        min_aspect=Decimal("0.4"),
        max_aspect=Decimal("2.5"),
        label=_("Reference images"),
        help=_("Up to five. In the prompt, call them @Image1, @Image2 and so on."),
    ),
    options=(RESOLUTION, AUDIO_SETTING, SEED, SAFETY_CHECKER),
    audio=AUDIO,
    typical_seconds=130,
    doc_url=HAPPY_HORSE_URL,
    checked_on=date(2026, 11, 29),
)
