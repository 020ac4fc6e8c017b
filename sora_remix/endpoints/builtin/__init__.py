"""The endpoints that come with the app, a file for each vendor."""

from __future__ import annotations

from ..record import Endpoint
from .openai import SORA_2

__all__ = ["BUILT_IN", "SORA_2"]

BUILT_IN: dict[str, Endpoint] = {SORA_2.key: SORA_2}
