"""What was typed into the options of each endpoint, kept while another one is shown."""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import Any

from django.http import QueryDict

OPTION = "option"
"""Prefix of the fields with options."""
SHOWN_ENDPOINT = "_shown"
"""Name of the field with the endpoint whose options are on the page."""
KEPT = "_kept"
"""Name of the field with the options of the others."""

Fields = dict[str, list[str]]
"""The values of fields by their names, as browsers send them."""


class KeptOptions:
    """The fields that were sent for each endpoint whose options were shown."""

    def __init__(self, sent: QueryDict) -> None:
        self._by_endpoint = _read(sent.get(KEPT, ""))
        if shown := sent.get(SHOWN_ENDPOINT, ""):
            names = [name for name in sent if name.startswith(f"{OPTION}-")]
            # An unticked checkbox is not sent: that is a choice only where the page showed it.
            self._by_endpoint[shown] = {name: sent.getlist(name) for name in names}

    def get(self, endpoint: str) -> QueryDict | None:
        """Return the data of a form for the options of an endpoint; None if never shown."""
        if (fields := self._by_endpoint.get(endpoint)) is None:
            return None
        data = QueryDict(mutable=True)
        for name, values in fields.items():
            data.setlist(name, values)
        return data

    def as_text(self, endpoints: Collection[str]) -> str:
        """Return the options of these endpoints as the page sends them back."""
        found = {key: one for key, one in self._by_endpoint.items() if key in endpoints}
        return json.dumps(found) if found else ""


def _read(text: str) -> dict[str, Fields]:
    """Read the options that the page sent back; anything else counts as none."""
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key: fields for key, fields in found.items() if _are_fields(fields)}


def _are_fields(value: Any) -> bool:
    return isinstance(value, dict) and all(
        isinstance(values, list) and all(isinstance(one, str) for one in values)
        for values in value.values()
    )
