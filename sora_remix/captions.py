"""Captions: WebVTT files, their language, and the `<track>` that shows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import IO

from django.db.models.fields.files import FieldFile
from django.http import HttpResponse, HttpResponseNotFound
from django.utils.translation import get_language_info

from .conf import conf
from .models import Video

MAX_BYTES = 2**20
"""Bytes that a captions file may have. An hour of speech takes about a tenth of that."""
LANGUAGE_TAG = re.compile(r"\A[a-z]{2,8}(-[a-z0-9]{1,8})*\Z", re.IGNORECASE)
"""The form of a language tag (https://www.rfc-editor.org/rfc/rfc5646#section-2.1)."""
# https://www.w3.org/TR/webvtt1/#file-structure
SIGNATURE = re.compile(r"\ufeff?WEBVTT(?:[ \t\r\n]|\Z)")


@dataclass(frozen=True)
class Track:
    """The attributes of a `<track>`."""

    src: str
    language: str
    label: str


def track_of(video: Video, src: str) -> Track:
    """Return the track for the video's captions at this URL."""
    language = video.captions_language or conf.LANGUAGE_CODE
    return Track(src, language, name_of(language))


def name_of(language: str) -> str:
    """Return a language's own name, or its code if Django doesn't know it."""
    try:
        return str(get_language_info(language.lower())["name_local"])
    except KeyError:
        return language


def is_webvtt(file: IO[bytes]) -> bool:
    """Tell whether a file is WebVTT, reading at most `MAX_BYTES`."""
    try:
        text = file.read(MAX_BYTES).decode()
    except UnicodeDecodeError:
        return False
    finally:
        file.seek(0)
    return SIGNATURE.match(text) is not None


def response_with(captions: FieldFile) -> HttpResponse:
    """Return the captions themselves, because browsers load them only from the site's own origin.

    A redirect to the storage would fail (https://html.spec.whatwg.org/#start-the-track-processing-model).
    """
    try:
        with captions.open("rb") as file:
            text = file.read()
    except FileNotFoundError:
        return HttpResponseNotFound()
    headers = {"X-Content-Type-Options": "nosniff"}
    return HttpResponse(text, content_type="text/vtt; charset=utf-8", headers=headers)
