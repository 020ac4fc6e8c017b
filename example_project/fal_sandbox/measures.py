"""How long an output is, and how many units a run is billed at."""

from collections.abc import Callable
from typing import Any

JSON = dict[str, Any]
Length = Callable[[JSON, float], float]
"""From the arguments and the source's seconds to the output's."""
Units = Callable[[JSON, float, float], float]
"""From the arguments, the source's seconds that are used, and the output's, to units."""

LUMA_UNITS = {"540p": 24, "720p": 36, "1080p": 72}
GROK_RATES = {"480p": 0.05, "720p": 0.07}
GROK_UNIT = 0.05


def as_source(arguments: JSON, source: float) -> float:
    """Be as long as the source."""
    return source


def duration_or_source(arguments: JSON, source: float) -> float:
    """Be cut at `duration`, where 0 stands for the source's."""
    return min(arguments.get("duration") or source, source)


def duration_in_words(arguments: JSON, source: float) -> float:
    """Be cut at a `duration` like "5s"."""
    return min(float(arguments["duration"].removesuffix("s")), source)


def source_seconds(arguments: JSON, source: float, output: float) -> float:
    """Bill the source."""
    return source


def output_seconds(arguments: JSON, source: float, output: float) -> float:
    """Bill the output."""
    return output


def both_seconds(arguments: JSON, source: float, output: float) -> float:
    """Bill source and output, twice at 1080p."""
    return (source + output) * (2 if arguments.get("resolution") == "1080p" else 1)


def grok_units(arguments: JSON, source: float, output: float) -> float:
    """Bill a little for the source and more for the output; `auto` goes as 480p."""
    rate = GROK_RATES.get(arguments.get("resolution", ""), GROK_RATES["480p"])
    return (0.01 * source + rate * output) / GROK_UNIT


def luma_units(arguments: JSON, source: float, output: float) -> float:
    """Bill a package, whatever the length is in the end."""
    return LUMA_UNITS[arguments["resolution"]] * (2 if arguments["duration"] == "10s" else 1)
