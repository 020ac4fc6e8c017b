"""Ray, by Luma."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..option import Option
from ..price import Price
from ..record import Endpoint
from ..references import References
from ..source import Source

URL = "https://fal.ai/models/luma/agent/ray/v3.2/video-to-video/llms.txt"

STRENGTHS = tuple(
    f"{name}_{number}" for name in ("adhere", "flex", "reimagine") for number in (1, 2, 3)
)

LUMA_3_2 = Endpoint(
    key="luma-3.2",
    endpoint_id="luma/agent/ray/v3.2/video-to-video",
    label="Luma Ray 3.2",
    vendor="Luma",
    source=Source(kind="url", param="video_url", max_seconds=30),
    price=Price(
        by=("duration", "resolution"),
        per_run={
            "5s|540p": Decimal("0.72"),
            "5s|720p": Decimal("1.08"),
            "5s|1080p": Decimal("2.16"),
            "10s|540p": Decimal("1.44"),
            "10s|720p": Decimal("2.16"),
            "10s|1080p": Decimal("4.32"),
        },
        duration_option="duration",
        as_of=date(2026, 11, 29),
        url=URL,
        unit_price=Decimal("0.03"),
    ),
    prompt_max=6000,
    references=References(
        param="start_image_url",
        as_list=False,
        maximum=1,
        label=_("First image"),
        help=_("The image the result starts with."),
    ),
    options=(
        Option(
            name="resolution",
            kind="enum",
            choices=("540p", "720p", "1080p"),
            default="540p",
            label=_("Resolution"),
        ),
        Option(
            name="duration",
            kind="enum",
            choices=("5s", "10s"),
            default="5s",
            label=_("Length of the result"),
        ),
        Option(
            name="edit_strength",
            kind="enum",
            choices=STRENGTHS,
            label=_("Strength"),
            help=_(
                "“adhere” stays close to the video, “flex” is freer, “reimagine” is the freest."
            ),
        ),
        Option(
            name="auto_controls",
            kind="bool",
            excludes=("edit_strength",),
            label=_("Automatic controls"),
            help=_(
                "Lets the model choose which parts of the video to keep. Can't be "
                "combined with a strength."
            ),
        ),
    ),
    ignored=("controls", "keyframes", "keyframe_indexes", "hdr", "exr_export"),
    typical_seconds=190,
    doc_url=URL,
    checked_on=date(2026, 11, 29),
)
