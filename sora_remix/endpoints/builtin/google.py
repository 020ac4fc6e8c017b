"""Gemini Omni, by Google."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..audio import Audio
from ..option import Option
from ..price import Price
from ..record import Endpoint
from ..source import Source

URL = "https://fal.ai/models/google/gemini-omni-flash/v1.1/edit/api"

GEMINI_OMNI = Endpoint(
    key="gemini-omni",
    endpoint_id="google/gemini-omni-flash/v1.1/edit",
    label="Gemini Omni Flash 1.1",
    vendor="Google",
    # fal prints no limit; Google speaks of about 10 s.
    source=Source(kind="url", param="video_url", safe_seconds=10),
    # From a test by others. What is charged is the finished file, a little longer than the source.
    price=Price(
        by=("resolution",),
        per_output_second={
            "360p": Decimal("0.03"),
            "720p": Decimal("0.10"),
            "1080p": Decimal("0.15"),
            "4k": Decimal("0.30"),
        },
        as_of=date(2026, 11, 22),
        url=URL,
        is_firm=False,
    ),
    prompt_max=20_000,
    prompt_hint=_("Google recommends adding: “Keep everything else the same.”"),
    options=(
        Option(
            name="resolution",
            kind="enum",
            choices=("360p", "720p", "1080p", "4k"),
            default="720p",
            label=_("Resolution"),
        ),
    ),
    audio=Audio(policy="generated"),
    typical_seconds=45,
    note=_(
        "The previous version did not edit uploaded videos for users in the EEA, "
        "Switzerland and the UK. It is unknown whether this version does."
    ),
    doc_url=URL,
    checked_on=date(2026, 11, 22),
)
