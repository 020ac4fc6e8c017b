"""A video in the answers of an API."""

from __future__ import annotations

from typing import Any

from django.db.models.fields.files import FieldFile
from django.http import HttpRequest

from ...captions import track_of
from ...conf import conf
from ...models import Video
from ...players import can_show


def represent(video: Video | None, request: HttpRequest | None) -> dict[str, Any] | None:
    """Return what a client needs for a player, or None if the site may not show the video.

    URLs are those of the storage. They are absolute if a request is given.
    """
    if video is None or not can_show(video):
        return None
    return {
        "id": video.pk,
        "title": video.title,
        "url": _url(video.file, request),
        "thumbnail": _url(video.thumbnail, request),
        "captions": _captions(video, request),
        "duration": None if video.duration is None else float(video.duration),
        "width": video.width,
        "height": video.height,
        "is_labelled_as_ai": bool(conf.SORA_REMIX_AI_LABEL and video.is_made_by_ai),
    }


def _url(file: FieldFile, request: HttpRequest | None) -> str | None:
    if not file:
        return None
    return request.build_absolute_uri(file.url) if request else file.url


def _captions(video: Video, request: HttpRequest | None) -> dict[str, Any] | None:
    if not video.captions:
        return None
    track = track_of(video, _url(video.captions, request) or "")
    return {"url": track.src, "language": track.language}
