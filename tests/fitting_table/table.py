"""The rows of the table, and what must be true of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import Video

LEAST_MODELS = 5
LONG_ENOUGH = max(Decimal(one.source.min_seconds or 0) for one in BUILT_IN.values())
"""Seconds that no model finds too short."""
NAME, FACTS, CELL = 26, 36, 13
"""Characters of the columns."""


@dataclass
class Row:
    """What became of one clip, by the keys of models."""

    name: str
    video: Video
    unchanged: set[str] = field(default_factory=set)
    """Sent as it is."""
    fitted: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    """With the reason."""
    failed: dict[str, str] = field(default_factory=dict)
    """Sent or fitted in vain, with the error."""
    accepted: int = 0
    """How many requests fal accepted."""

    @property
    def taken(self) -> set[str]:
        """Return the models that took it."""
        return (self.unchanged | self.fitted) - self.failed.keys()

    @property
    def must_fit(self) -> bool:
        """Tell whether it has a moving picture and is long enough for every model."""
        length = self.video.duration
        return not self.video.is_still and (length is None or length >= LONG_ENOUGH)

    def outcome(self, key: str) -> str:
        """Return what a model did with it."""
        if key in self.failed:
            return "FAILED"
        if key in self.refused:
            return "refused"
        return "fitted" if key in self.fitted else "as it is"


def print_head() -> None:
    """Print the names of the columns."""
    print(_line("clip", "its file", BUILT_IN))


def print_row(row: Row) -> None:
    """Print what each model did with a clip, and the reasons of refusals."""
    print(_line(row.name, _facts(row.video), map(row.outcome, BUILT_IN)), flush=True)
    for reason, keys in _by_reason(row.refused).items():
        print(f"    refused by {', '.join(keys)}: {reason}", flush=True)


def print_sums(rows: Iterable[Row]) -> None:
    """Print how often each outcome was."""
    rows = list(rows)
    sums = Counter(row.outcome(key) for row in rows for key in BUILT_IN)
    print(f"\n{len(rows)} clips:", ", ".join(f"{sums[one]} {one}" for one in sorted(sums)))
    least = min((len(row.taken) for row in rows if row.must_fit), default=0)
    count = sum(row.must_fit for row in rows)
    print(f"{count} have a moving picture and at least {LONG_ENOUGH} s.")
    print(f"Each of these was taken by at least {least} models.", flush=True)


def problems(row: Row) -> Iterator[str]:
    """Yield which promises were broken."""
    for key, error in row.failed.items():
        yield f"{row.name} with {key}: {error}"
    if row.accepted != len(row.taken):
        yield f"{row.name}: fal accepted {row.accepted} requests, not {len(row.taken)}"
    if row.must_fit and len(row.taken) < LEAST_MODELS:
        yield f"{row.name}: only {len(row.taken)} models took it"


def _line(name: str, facts: str, cells: Iterable[str]) -> str:
    return f"{name:{NAME}}{facts:{FACTS}}" + "".join(f"{cell:{CELL}}" for cell in cells)


def _facts(video: Video) -> str:
    codec = video.video_codec or "no moving picture"
    length = "?" if video.duration is None else f"{video.duration:.1f}"
    size = f"{video.width}×{video.height}"
    return f"{video.container} {codec} {size} {length} s"


def _by_reason(refused: dict[str, str]) -> dict[str, list[str]]:
    reasons: dict[str, list[str]] = {}
    for key, reason in refused.items():
        reasons.setdefault(reason, []).append(key)
    return reasons
