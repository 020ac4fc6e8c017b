"""The player of an approved video, for the pages of the site."""

from __future__ import annotations

import logging
from typing import Any

from django import template
from django.template import Context
from django.urls import NoReverseMatch, reverse

from ..captions import Track, track_of
from ..conf import conf
from ..logs import get_logger
from ..models import Video
from ..tokens import make_token

TEMPLATE = "sora_remix/video.html"
LOADED = "sora_remix_player"

logger = get_logger(__name__)
register = template.Library()


@register.simple_tag(takes_context=True)
def remix_video(
    context: Context,
    video: Any,
    *,
    title: str = "",
    css_class: str = "",
    preload: str = "metadata",
) -> str:
    """Play an approved video; of any other, render nothing and say so in the log."""
    if reason := _why_not(video):
        # A page without a video is no fault of the site; one that is not approved may be.
        level = logging.INFO if video is None else logging.WARNING
        logger.log(level, "Did not show %s on the site: %s", _name_of(video), reason)
        return ""
    values = {
        **_addresses(video),
        "video": video,
        "title": title or video.title,
        "css_class": css_class,
        "preload": preload,
        "is_labelled": conf.SORA_REMIX_AI_LABEL and video.is_made_by_ai,
        "is_first": _is_first(context),
    }
    inner = context.new(values)
    inner.autoescape = True  # whatever surrounds it, this is HTML
    return context.template.engine.get_template(TEMPLATE).render(inner)  # type: ignore[union-attr]


def _why_not(video: Any) -> str:
    """Return why the site may not or can't show it; empty when it can."""
    if not isinstance(video, Video):
        return "it is no video"
    if not video.is_approved:
        return f"it is {video.approval}, not approved"
    return "" if video.file else "it has no file"


def _name_of(video: Any) -> str:
    """Name a video in the log, and the remix that made it where that is no query more."""
    if not isinstance(video, Video):
        return f"a value of type {type(video).__name__}"
    remix = video._state.fields_cache.get("remix")
    return f"video {video.pk} of remix {remix.pk}" if remix else f"video {video.pk}"


def _addresses(video: Video) -> dict[str, Any]:
    """Return where the files are at this moment, and where that is told anew."""
    token = make_token(video.pk)
    has_poster = bool(video.thumbnail)
    return {
        "src": video.file.url,
        "renew": _renewal(token, "file"),
        "poster": video.thumbnail.url if has_poster else "",
        "renew_poster": _renewal(token, "thumbnail") if has_poster else "",
        "captions": _captions(video, token) if video.captions else None,
    }


def _captions(video: Video, token: str) -> Track:
    return track_of(video, _renewal(token, "captions") or video.captions.url)


def _renewal(token: str, part: str) -> str:
    """Return the address that leads to a file as long as the token is good, if the site has it."""
    try:
        return reverse("sora_remix:video", args=[token, part])
    except NoReverseMatch:
        return ""


def _is_first(context: Context) -> bool:
    """Tell whether no player was rendered before on this page, nor in what it includes.

    Each included template has a render context of its own, above that of the page.
    """
    of_the_page: Any = context.render_context.dicts[1]
    is_first = LOADED not in of_the_page
    of_the_page[LOADED] = True
    return is_first
