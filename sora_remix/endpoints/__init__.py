"""The endpoints as records; adding one is adding a record, here or in the site's settings."""

from __future__ import annotations

from .audio import Audio
from .builtin import SORA_2
from .choice import choosable, default_endpoint, preferred, preferred_by_count
from .clip import Clip
from .option import UNSET, Option, is_same
from .plan import Fit, Part, Plan, as_is, fitting_refusal, made_by, part_problem, plan_clip
from .price import Price
from .record import Endpoint, Outputs
from .references import References, is_url
from .registry import all_endpoints, get_endpoint
from .source import Source, cut_off_refusal

__all__ = [
    "SORA_2",
    "UNSET",
    "Audio",
    "Clip",
    "Endpoint",
    "Fit",
    "Option",
    "Outputs",
    "Part",
    "Plan",
    "Price",
    "References",
    "Source",
    "all_endpoints",
    "as_is",
    "choosable",
    "cut_off_refusal",
    "default_endpoint",
    "fitting_refusal",
    "get_endpoint",
    "is_same",
    "is_url",
    "made_by",
    "part_problem",
    "plan_clip",
    "preferred",
    "preferred_by_count",
]
