"""The endpoints that come with the app, a file for each vendor.

Where sources disagree about a price, the dearer one stands here and `is_firm` is False.
"""

from __future__ import annotations

from ..record import Endpoint
from .alibaba import HAPPY_HORSE, WAN_2_7
from .black_forest_labs import FLUX_3
from .decart import LUCY_RESTYLE
from .google import GEMINI_OMNI
from .kuaishou import KLING_O3, KLING_O3_PRO
from .luma import LUMA_3_2
from .openai import SORA_2
from .xai import GROK

__all__ = ["BUILT_IN", "SORA_2"]

BUILT_IN: dict[str, Endpoint] = {
    endpoint.key: endpoint
    for endpoint in (
        SORA_2,
        FLUX_3,
        KLING_O3,
        KLING_O3_PRO,
        WAN_2_7,
        GEMINI_OMNI,
        GROK,
        LUCY_RESTYLE,
        LUMA_3_2,
        HAPPY_HORSE,
    )
}
