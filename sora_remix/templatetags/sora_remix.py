"""The template tag `remix_video`, which plays an approved video on your site."""

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
    """Render a player for an approved video. For any other, render nothing and log why."""
    if reason := _why_not(video):
        # A missing video is normal. One that is not approved may be a mistake.
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
    inner.autoescape = True  # the player is always HTML
    return context.template.engine.get_template(TEMPLATE).render(inner)  # type: ignore[union-attr]


def _why_not(video: Any) -> str:
    """Return why the site can't show it, or an empty string if it can."""
    if not isinstance(video, Video):
        return "it is not a video"
    if not video.is_approved:
        return f"it is {video.approval}, not approved"
    return "" if video.file else "it has no file"


def _name_of(video: Any) -> str:
    """Name a video for the log, and its remix if that needs no extra query."""
    if not isinstance(video, Video):
        return f"a value of type {type(video).__name__}"
    remix = video._state.fields_cache.get("remix")
    return f"video {video.pk} of remix {remix.pk}" if remix else f"video {video.pk}"


def _addresses(video: Video) -> dict[str, Any]:
    """Return the current URLs of the files, and the URLs that renew them."""
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
    """Return the URL that redirects to a file while the token is valid, if the site has one."""
    try:
        return reverse("sora_remix:video", args=[token, part])
    except NoReverseMatch:
        return ""


def _is_first(context: Context) -> bool:
    """Tell whether this is the first player on the page, also across included templates.

    Each included template has its own render context on top of the page's.
    """
    page_context: Any = context.render_context.dicts[1]
    is_first = LOADED not in page_context
    page_context[LOADED] = True
    return is_first
