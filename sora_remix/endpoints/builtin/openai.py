"""Sora, by OpenAI."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from ..audio import Audio
from ..option import Option
from ..price import Price
from ..record import Endpoint, Outputs
from ..source import Source

URL = "https://fal.ai/models/fal-ai/sora-2/video-to-video/remix"

SORA_2 = Endpoint(
    key="sora-2",
    endpoint_id="fal-ai/sora-2/video-to-video/remix",
    label="Sora 2",
    vendor="OpenAI",
    source=Source(kind="sora_id", param="video_id"),
    price=Price(
        per_output_second={"": Decimal("0.10")},
        as_of=date(2026, 11, 22),
        url=URL,
        unit_price=Decimal("0.10"),
    ),
    options=(
        # The endpoint's own default ends the chain for good.
        Option(
            name="delete_video",
            kind="bool",
            default=False,
            endpoint_default=True,
            label=_("Delete the result at the provider"),
            help=_(
                "Your own copy stays. A result deleted at the provider can never be remixed again."
            ),
        ),
    ),
    audio=Audio(policy="generated"),
    outputs=Outputs(sora_id="video_id", thumbnail="thumbnail", spritesheet="spritesheet"),
    deletes_result="delete_video",
    ends_on=date(2026, 9, 24),
    successor="flux-3",
    typical_seconds=180,
    note=_("Only videos that Sora 2 made on fal can be remixed."),
    doc_url=URL,
    checked_on=date(2026, 11, 22),
)
