"""What was exchanged with fal about a remix, as it was, for who may see that."""

from __future__ import annotations

import json
from dataclasses import dataclass

from ...models import Remix

EXCHANGED = ("request_id", "other_request_ids", "arguments", "error_code", "error_message")
"""Columns that hold something of it."""


@dataclass(frozen=True)
class Exchange:
    """The body that was sent, the ids and the answer; nothing of it is in words of ours."""

    remix: Remix

    @property
    def request_ids(self) -> list[str]:
        ids = (self.remix.request_id, *map(str, self.remix.other_request_ids))
        return [request_id for request_id in ids if request_id]

    @property
    def body(self) -> str:
        """Return the body as JSON that can be read; empty while nothing was sent."""
        if self.remix.arguments is None:
            return ""
        return json.dumps(self.remix.arguments, indent=2, ensure_ascii=False)
