"""Errors about prompts, videos and options, fal's and our own, and how to fix them."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, NamedTuple

from django.template.defaultfilters import filesizeformat
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

LIMIT_SHOWN = 60


class Fault(NamedTuple):
    """An error type of fal (https://docs.fal.ai/errors), or one of our own."""

    cause: _StrPromise
    remedy: _StrPromise
    names: tuple[str, ...] = ()
    """Where its limit stands in fal's answer."""
    precise: _StrPromise | None = None
    """The remedy where the `limit` is known."""


_TOO_LONG = _("A text is too long for this model.")
_OPTION = _("An option has a value that this model doesn't accept.")
_CHOOSE_OPTION = _("Choose another value for the option.")
_AT_LEAST = _("Choose at least %(limit)s.")
_AT_MOST = _("Choose at most %(limit)s.")
_PICTURES = _("This model doesn't accept this number of files.")
_OTHER_FILE = _("Choose another video or picture.")

INPUTS: dict[str, Fault] = {
    "source_unusable": Fault(
        _("The clip could not be made from this video, so nothing was sent."),
        _("Choose a part that plays, or upload the video in another format."),
    ),
    "source_replaced": Fault(
        _("The file of the video was replaced on the site after it was read. Nothing was sent."),
        _("Check the video, then request the remix again."),
    ),
    "video_duration_too_long": Fault(
        _("The video is too long for this model."),
        _("Choose a shorter video."),
        ("max_duration",),
        _("Choose a video of at most %(limit)s seconds."),
    ),
    "video_duration_too_short": Fault(
        _("The video is too short for this model."),
        _("Choose a longer video."),
        ("min_duration",),
        _("Choose a video of at least %(limit)s seconds."),
    ),
    "audio_duration_too_long": Fault(
        _("The sound is too long for this model."),
        _("Choose a video with shorter sound."),
        ("max_duration",),
        _("Choose a video whose sound lasts at most %(limit)s seconds."),
    ),
    "audio_duration_too_short": Fault(
        _("The sound is too short for this model."),
        _("Choose a video with longer sound."),
        ("min_duration",),
        _("Choose a video whose sound lasts at least %(limit)s seconds."),
    ),
    "file_too_large": Fault(
        _("A file is too large for this model."),
        _("Choose a smaller file."),
        ("max_size",),
        _("Choose a file of at most %(limit)s."),
    ),
    "image_too_small": Fault(
        _("A picture, or the picture of the video, is too small for this model."),
        _("Choose one with more pixels."),
        ("min_width", "min_height"),
        _("Choose one with at least %(limit)s pixels."),
    ),
    "image_too_large": Fault(
        _("A picture, or the picture of the video, is too large for this model."),
        _("Choose one with fewer pixels."),
        ("max_width", "max_height"),
        _("Choose one with at most %(limit)s pixels."),
    ),
    "unsupported_video_format": Fault(
        _("The model doesn't accept videos in this format."),
        _("Choose or upload the video in another format."),
        ("supported_formats",),
        _("Choose or upload the video in one of these formats: %(limit)s."),
    ),
    "unsupported_image_format": Fault(
        _("The model doesn't accept images in this format."),
        _("Choose pictures of another format."),
        ("supported_formats",),
        _("Choose pictures in one of these formats: %(limit)s."),
    ),
    "unsupported_audio_format": Fault(
        _("The model doesn't accept sound in this format."),
        _("Choose a video whose sound has another format."),
        ("supported_formats",),
        _("Choose a video whose sound has one of these formats: %(limit)s."),
    ),
    "string_too_long": Fault(
        _TOO_LONG,
        _("Shorten the prompt."),
        ("max_length",),
        _("Shorten the prompt to at most %(limit)s characters."),
    ),
    "string_too_short": Fault(
        _("A text is too short for this model."),
        _("Write a longer prompt."),
        ("min_length",),
        _("Write a longer prompt: at least %(limit)s characters."),
    ),
    "image_load_error": Fault(_("fal could not read a picture."), _OTHER_FILE),
    "face_detection_error": Fault(
        _("fal found no face, but this model needs one."),
        _("Choose a video or picture that clearly shows a face."),
    ),
    "feature_not_supported": Fault(
        _("The model can't combine these options."), _("Change the options.")
    ),
    "no_media_generated": Fault(
        _("fal made no video from this prompt and source."),
        _("Describe more clearly in the prompt what the video should show."),
    ),
    "greater_than": Fault(_OPTION, _CHOOSE_OPTION, ("gt",), _("Choose more than %(limit)s.")),
    "greater_than_equal": Fault(_OPTION, _CHOOSE_OPTION, ("ge",), _AT_LEAST),
    "less_than": Fault(_OPTION, _CHOOSE_OPTION, ("lt",), _("Choose less than %(limit)s.")),
    "less_than_equal": Fault(_OPTION, _CHOOSE_OPTION, ("le",), _AT_MOST),
    "multiple_of": Fault(
        _OPTION, _CHOOSE_OPTION, ("multiple_of",), _("Choose a multiple of %(limit)s.")
    ),
    "one_of": Fault(_OPTION, _CHOOSE_OPTION, ("expected",), _("Choose one of %(limit)s.")),
    "sequence_too_short": Fault(_PICTURES, _("Choose more files."), ("min_length",), _AT_LEAST),
    "sequence_too_long": Fault(_PICTURES, _("Choose fewer files."), ("max_length",), _AT_MOST),
}


def remedy(code: str, message: str) -> str:
    """Say how to fix an error, with the limit if fal's answer names it."""
    fault = INPUTS[code]
    limits = [_limit(name, message) for name in fault.names]
    if fault.precise is None or not all(limits):
        return str(fault.remedy)
    return fault.precise % {"limit": " × ".join(limits)}


def _limit(name: str, message: str) -> str:
    """Read one limit in an answer that may be cut off; empty when it is not there."""
    found = re.search(rf'"{name}"\s*:\s*(\[[^\]]*\]|"[^"]*"|\d[\d.]*)', message)
    try:
        value = json.loads(found[1]) if found else ""
    except ValueError:
        return ""
    if name == "max_size" and isinstance(value, int | float):
        return filesizeformat(value)
    values = value if isinstance(value, list) else [value]
    return ", ".join(map(_shown, values))[:LIMIT_SHOWN]


def _shown(value: object) -> str:
    return number_format(value) if isinstance(value, int | float) else str(value)
