"""Check fetched files against an endpoint's limits, with fal's own error types."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import av

from .limits import Limits
from .outcomes import Refusal, model_error
from .videos import Facts, read_facts

JSON = dict[str, Any]
Finding = tuple[str, str, JSON]
"""A type of error, its text and its `ctx`."""
BRANDS = {"qt": "mov"}
USUAL = ("mp4", "mov", "webm")


def inspect_clip(path: Path, limits: Limits, at: Sequence[str | int], url: str) -> Facts:
    """Return the clip's facts. Raise Refusal if it is no video or exceeds a limit."""
    try:
        form, facts = _read_format(path), read_facts(path)
    except (av.error.FFmpegError, IndexError):
        form, facts = "", Facts(0, 0, 0, 0, 0)
    for kind, text, context in _findings(form, facts, limits):
        raise Refusal(model_error(422, kind, text, at, url, **context))
    return facts


def inspect_picture(path: Path, limits: Limits, at: Sequence[str | int], url: str) -> None:
    """Raise Refusal unless the file is a picture of some size."""
    try:
        with av.open(str(path)) as container:
            frame = next(container.decode(video=0))
            is_picture = _is_picture(container.format.name)
    except (av.error.FFmpegError, IndexError, StopIteration):
        is_picture = False
    if not is_picture:
        text = "Failed to load the image. Please ensure the image file is not corrupted."
        raise Refusal(model_error(422, "image_load_error", text, at, url))
    for kind, text, context in _picture_findings(frame.width, frame.height, limits):
        raise Refusal(model_error(422, kind, text, at, url, **context))


def _findings(form: str, facts: Facts, limits: Limits) -> Iterator[Finding]:
    formats = list(limits.formats or USUAL)
    if not form or (limits.formats and form not in limits.formats):
        text = f"Unsupported video format. Supported formats are {', '.join(formats)}."
        yield "unsupported_video_format", text, {"supported_formats": formats}
    if limits.max_seconds is not None and facts.duration > limits.max_seconds:
        text = f"Video duration exceeds the maximum of {limits.max_seconds} seconds."
        yield "video_duration_too_long", text, {"max_duration": limits.max_seconds}
    if facts.duration < limits.min_seconds:
        text = f"Video duration is below the minimum of {limits.min_seconds} seconds."
        yield "video_duration_too_short", text, {"min_duration": limits.min_seconds}
    if min(facts.width, facts.height) < limits.min_side:
        yield _too_small(limits.min_side)
    if limits.max_side is not None and max(facts.width, facts.height) > limits.max_side:
        text = f"Image dimensions are too large. Maximum is {limits.max_side}px."
        bounds = {"max_height": limits.max_side, "max_width": limits.max_side}
        yield "image_too_large", text, bounds
    yield from _odd_shapes(facts, limits)


def _picture_findings(width: int, height: int, limits: Limits) -> Iterator[Finding]:
    if min(width, height) < limits.min_picture_side:
        yield _too_small(limits.min_picture_side)
    yield from _too_long(width, height, limits.max_picture_aspect)


def _odd_shapes(facts: Facts, limits: Limits) -> Iterator[Finding]:
    """Find problems for which fal has no error type."""
    yield from _too_long(facts.width, facts.height, limits.max_aspect)
    if facts.fps < limits.min_fps:
        yield "value_error", f"Frame rate is below {limits.min_fps} fps.", {}


def _too_long(width: int, height: int, most: float | None) -> Iterator[Finding]:
    longer, shorter = sorted((width, height), reverse=True)
    if most is not None and longer > shorter * most:
        yield "value_error", f"Aspect ratio exceeds {most}:1.", {}


def _too_small(side: int) -> Finding:
    text = f"Image dimensions are too small. Minimum is {side}px."
    return "image_too_small", text, {"min_height": side, "min_width": side}


def _read_format(path: Path) -> str:
    """Return the container's name, or nothing for a picture or sound."""
    with av.open(str(path)) as container:
        names = container.format.name.split(",")
        if not container.streams.video or _is_picture(names[0]):
            return "gif" if names[0] == "gif" else ""
        brand = container.metadata.get("major_brand", "").strip()
        return BRANDS.get(brand, "mp4") if "mp4" in names else names[-1]


def _is_picture(name: str) -> bool:
    return name.endswith("_pipe") or name in ("image2", "gif")
