"""FLUX, by Black Forest Labs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..audio import Audio
from ..option import Option
from ..price import Price
from ..record import Endpoint
from ..source import Source

URL = "https://fal.ai/models/blackforestlabs/flux-3/edit-video/api"

FLUX_3 = Endpoint(
    key="flux-3",
    endpoint_id="blackforestlabs/flux-3/edit-video",
    label="FLUX 3",
    vendor="Black Forest Labs",
    # fal says "under" 50 MB and 15 s; the least is from https://docs.bfl.ai/flux_tools/flux_video_edit
    source=Source(
        kind="url",
        param="video_url",
        min_seconds=Decimal("0.7"),
        below_seconds=15,
        below_bytes=50_000_000,
    ),
    price=Price(
        per_source_second={"": Decimal("0.03")},
        as_of=date(2026, 11, 22),
        url=URL,
        unit_price=Decimal("0.03"),
    ),
    prompt_max=4096,
    prompt_hint=_("Describe what should change. Motion, timing and framing stay the same."),
    options=(
        Option(
            name="safety_tolerance",
            kind="number",
            minimum=0,
            maximum=4,
            advanced=True,
            label=_("Safety tolerance"),
            help=_("From 0 (strictest) to 4 (most permissive)."),
        ),
    ),
    audio=Audio(policy="carried"),
    typical_seconds=40,
    note=_(
        "The result has 24 frames per second and at most 720p. "
        "A prompt that asks for other speech changes the sound."
    ),
    doc_url=URL,
    checked_on=date(2026, 11, 22),
)
