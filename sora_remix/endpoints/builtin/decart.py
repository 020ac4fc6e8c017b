"""Lucy, by Decart."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..option import Option
from ..pixels import GIF_PIXELS, USUAL_PIXELS
from ..price import Price
from ..record import Endpoint
from ..source import Source

URL = "https://fal.ai/learn/devs/lucy-restyle-long-form-user-guide"

LUCY_RESTYLE = Endpoint(
    key="lucy-restyle",
    endpoint_id="decart/lucy-restyle",
    label="Lucy Restyle",
    vendor="Decart",
    # fal's page of the API says 10 minutes: https://fal.ai/models/decart/lucy-restyle/api
    source=Source(
        kind="url",
        param="video_url",
        extensions=(".mp4", ".mov", ".webm", ".m4v", ".gif"),
        pixel_formats=(*USUAL_PIXELS, GIF_PIXELS),
        max_seconds=30 * 60,
        safe_seconds=10 * 60,
    ),
    price=Price(
        per_source_second={"": Decimal("0.01")},
        as_of=date(2026, 11, 29),
        url=URL,
        unit_price=Decimal("0.01"),
    ),
    prompt_hint=_("Describe the style that the whole video should have."),
    options=(
        Option(
            name="enhance_prompt",
            kind="bool",
            default=True,
            label=_("Enhance the prompt"),
            help=_("A language model expands the prompt before it is used."),
        ),
        Option(
            name="seed",
            kind="int",
            label=_("Seed"),
            help=_("With the same seed, the same request gives a similar result."),
            advanced=True,
        ),
    ),
    # With true the video would come back inside the answer, as a data URI.
    constants={"sync_mode": False},
    # It has one value only.
    ignored=("resolution",),
    doc_url=URL,
    checked_on=date(2026, 11, 29),
)
