"""What players on the site show, and what they tell search engines, for any template engine."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext

from .captions import Track, track_of
from .clock import utc
from .conf import conf
from .logs import get_logger
from .models import Approval, Video
from .storage import MissingStorage
from .tokens import make_token

TEMPLATE = "sora_remix/video.html"
MADE_BY_AI = "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
"""https://schema.org/IPTCDigitalSourceEnumeration, for what a generative model made."""
ESCAPES = {ord(one): f"\\u{ord(one):04X}" for one in "<>&\u2028\u2029"}
"""As in Django's `json_script`: no text of a video can end the script that holds it."""

logger = get_logger("sora_remix.templatetags.sora_remix")  # as sites have configured it


def player_values(
    video: Any,
    *,
    title: str = "",
    css_class: str = "",
    preload: str = "metadata",
    loop: bool = False,
    autoplay: bool = False,
    muted: bool = False,
    lazy: bool = False,
) -> dict[str, Any] | None:
    """Return the context of the player's template; None, with a log entry, if it can't be shown."""
    if not can_show(video):
        return None
    return {
        **_addresses(video),
        "video": video,
        "title": title or video.title,
        "css_class": css_class,
        "preload": "none" if lazy else preload,
        "loop": loop,
        "autoplay": autoplay,
        "muted": muted or autoplay,  # browsers start nothing else by itself
        "lazy": lazy,
        "is_labelled": conf.SORA_REMIX_AI_LABEL and video.is_made_by_ai,
    }


def json_ld(
    video: Any, absolute: Callable[[str], str], *, title: str = "", description: str = ""
) -> SafeString:
    """Return a script that describes an approved video as schema.org's `VideoObject`.

    `absolute` completes an address. For any other video, return an empty text and log why.
    """
    if not can_show(video):
        return SafeString("")
    name = str(title or video.title)  # JSON takes no lazy translations
    facts = {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": name,
        "description": str(description or name),
        "uploadDate": _iso(video.created_at),
        "datePublished": _iso(video.decided_at),
        "duration": f"PT{Decimal(video.duration).normalize():f}S" if video.duration else None,
        "width": video.width,
        "height": video.height,
        "contentUrl": absolute(video.file.url),
        "thumbnailUrl": absolute(video.thumbnail.url) if video.thumbnail else None,
        "digitalSourceType": MADE_BY_AI if video.is_made_by_ai else None,
    }
    known = {key: value for key, value in facts.items() if value is not None}
    text = json.dumps(known, ensure_ascii=False).translate(ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308  (escaped)


def can_show(video: Any) -> bool:
    """Tell whether the site can show a video; if not, log why."""
    if reason := _why_not(video):
        # A missing video is normal. One that is not approved may be a mistake.
        level = logging.INFO if video is None else logging.WARNING
        logger.log(level, "Did not show %s on the site: %s", _name_of(video), reason)
    return not reason


def why_hidden(video: Video | None) -> str:
    """Tell editors why visitors don't see a video; return nothing if they do."""
    if video is None:
        return gettext("This video was deleted. Visitors see nothing here.")
    if video.approval == Approval.NEW:
        return gettext("This video is not approved yet. Visitors see it once it is.")
    if video.approval == Approval.REJECTED:
        return gettext("This video was rejected. Visitors don't see it.")
    if video.file and not isinstance(video.file.storage, MissingStorage):
        return ""
    return gettext("This video has no file. Visitors don't see it.")


def _why_not(video: Any) -> str:
    """Return why the site can't show it, or an empty string if it can."""
    if not isinstance(video, Video):
        return "it is not a video"
    if not video.is_approved:
        return f"it is {video.approval}, not approved"
    if isinstance(video.file.storage, MissingStorage):
        return f"STORAGES has no “{video.storage_alias}”, where its file is"
    return "" if video.file else "it has no file"


def _name_of(video: Any) -> str:
    """Name a video for the log, and its remix if that needs no extra query."""
    if not isinstance(video, Video):
        return f"a value of type {type(video).__name__}"
    remix = video._state.fields_cache.get("remix")
    return f"video {video.pk} of remix {remix.pk}" if remix else f"video {video.pk}"


def _iso(time: datetime | None) -> str | None:
    return utc(time).isoformat(timespec="seconds") if time else None


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
