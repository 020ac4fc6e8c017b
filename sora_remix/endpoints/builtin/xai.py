"""Grok Imagine, by xAI."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..option import Option
from ..price import Price
from ..record import Endpoint
from ..source import Source

URL = "https://fal.ai/models/xai/grok-imagine-video/edit-video/api"

GROK = Endpoint(
    key="grok",
    endpoint_id="xai/grok-imagine-video/edit-video",
    label="Grok Imagine",
    vendor="xAI",
    source=Source(kind="url", param="video_url", cut_at_seconds=8),
    price=Price(
        by=("resolution",),
        per_source_second={"": Decimal("0.01")},
        # None for "auto": which resolution that becomes is not known before.
        per_output_second={"480p": Decimal("0.05"), "720p": Decimal("0.07")},
        as_of=date(2026, 11, 22),
        url=URL,
        unit_price=Decimal("0.05"),
    ),
    prompt_max=4096,
    options=(
        Option(
            name="resolution",
            kind="enum",
            choices=("auto", "480p", "720p"),
            default="auto",
            label=_("Resolution"),
            help=_("With “auto”, the cost is unknown until the remix is finished."),
        ),
    ),
    typical_seconds=90,
    note=_("Before it is changed, the video is scaled to as many pixels as 854 × 480."),
    doc_url=URL,
    checked_on=date(2026, 11, 22),
)
