"""Rules for combinations of fields. Each returns an error message, or nothing."""

from collections.abc import Callable
from typing import Any

JSON = dict[str, Any]
Combination = Callable[[JSON], str]


def four_references(body: JSON) -> str:
    """Allow up to four images and elements."""
    count = len(body.get("image_urls") or ()) + len(body.get("elements") or ())
    return "At most 4 image_urls and elements are allowed together" if count > 4 else ""


def one_way_of_control(body: JSON) -> str:
    """Allow an edit strength or automatic controls."""
    if body.get("auto_controls") and body.get("edit_strength"):
        return "auto_controls cannot be combined with edit_strength"
    return ""
