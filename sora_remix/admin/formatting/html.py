"""HTML for videos, their pictures and their status."""

from __future__ import annotations

from django.forms.utils import flatatt
from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from ...captions import track_of
from ...models import Approval, ReferenceImage, Remix, Video
from ..links import Links
from . import outcomes

EXPLANATION_SHOWN = 300


def state(remix: Remix) -> SafeString:
    """Show the status of a remix, and what went wrong."""
    label = outcomes.label(remix)
    return format_html(
        '<span class="sora-remix-status sora-remix-{}">{}</span> {}<span>{}</span>',
        remix.status,
        remix.get_status_display(),
        format_html("<strong>{}</strong> ", gettext("%(label)s:") % {"label": label})
        if label
        else "",
        Truncator(outcomes.explain(remix)).chars(EXPLANATION_SHOWN),
    )


def approval(video: Video) -> SafeString:
    """Show whether a video is new, approved, rejected or cleared."""
    return format_html(
        '<span class="sora-remix-status sora-remix-{}">{}</span>',
        video.approval,
        gettext("cleared") if video.cleared_at else video.get_approval_display(),
    )


def decided(video: Video) -> SafeString | str:
    """Show whether a video was approved or rejected; nothing for a new one."""
    return "" if video.approval == Approval.NEW else approval(video)


def origin(video: Video, links: Links) -> SafeString | str:
    """Show where a video came from, but its source only to users who may see it.

    `_sees_source` and `_sees_remixes` say on the video what this user may see.
    """
    remix = getattr(video, "remix", None)
    if remix:
        label = gettext("remix")
        sees_remixes = getattr(video, "_sees_remixes", False)
        made_by = links.change_link(remix, label) if sees_remixes else label
        if not getattr(video, "_sees_source", False):
            return made_by
        source = links.change_link(remix.source, remix.source.title)
        return format_html(gettext("{remix} of {source}"), remix=made_by, source=source)
    return gettext("Sora generation") if video.sora_id else gettext("uploaded")


def remixes_of(video: Video, label: str, links: Links) -> SafeString | str:
    """Link to the remixes made from a video for users who may see remixes."""
    if not getattr(video, "_sees_remixes", False):
        return label
    return links.changelist_link(label, Remix, source__id__exact=video.pk)


def thumbnail(video: Video, links: Links, description: str = "") -> SafeString:
    """Show a thumbnail that plays a preview; beside a title it needs no description."""
    if video.thumbnail:
        renew = links.file_url(video, "thumbnail")
        picture = _small_picture(video.thumbnail.url, description, renew)
    else:
        place = '<span class="sora-remix-thumbnail" aria-hidden="true">▶</span>'
        picture = format_html(place + '<span class="visually-hidden">{}</span>', description)
    if not video.file or video.is_gif:
        return picture
    attributes = {
        "data-preview": gettext("Play a preview of “%(title)s”") % {"title": video.title},
        # An address that stays good while a page is open, if the site has one.
        "data-video": links.file_url(video, "file") or video.file.url,
    }
    return format_html('<span class="sora-remix-preview"{}>{}</span>', flatatt(attributes), picture)


def hidden(text: str) -> SafeString:
    """Return a text for screen readers only."""
    return format_html('<span class="visually-hidden">{}</span>', text)


def small_picture(image: ReferenceImage, description: str) -> SafeString:
    """Show a thumbnail of a reference image."""
    return _small_picture(image.file.url, description)


def titled(video: Video, links: Links) -> SafeString:
    """Show the thumbnail of a video beside its title, which links to it."""
    return format_html(
        '<span class="sora-remix-beside">{} <span>{}</span></span>',
        thumbnail(video, links),
        links.change_link(video, video.title),
    )


def player(video: Video, links: Links) -> SafeString | str:
    """Show a player for a video, if the site has its file."""
    if not video.file:
        return gettext("The site has no file for this video.")
    if video.is_gif:
        return _gif(video, links)
    attributes = {
        "class": "sora-remix-player",
        "controls": True,
        "playsinline": True,
        "preload": "metadata",
        "src": video.file.url,
        "poster": video.thumbnail.url if video.thumbnail else None,
        "width": video.width,
        "height": video.height,
        "aria-label": video.title,
        "data-renew": links.file_url(video, "file") or None,
        "data-renew-poster": (links.file_url(video, "thumbnail") or None)
        if video.thumbnail
        else None,
    }
    return format_html("<video{}>{}</video>", flatatt(attributes), _track(video, links))


def _gif(video: Video, links: Links) -> SafeString:
    attributes = {
        "class": "sora-remix-player",
        "src": video.file.url,
        "width": video.width,
        "height": video.height,
        "alt": video.title,
        "data-renew": links.file_url(video, "file") or None,
    }
    return format_html("<img{}>", flatatt(attributes))


def _track(video: Video, links: Links) -> SafeString | str:
    if not video.captions:
        return ""
    track = track_of(video, links.captions_url(video) or video.captions.url)
    return format_html(
        '<track kind="captions" src="{}" srclang="{}" label="{}">',
        track.src,
        track.language,
        track.label,
    )


def _small_picture(url: str, description: str, renew: str = "") -> SafeString:
    return format_html(
        '<img class="sora-remix-thumbnail" src="{}" alt="{}"{} width="96" height="54" '
        'loading="lazy">',
        url,
        description,
        flatatt({"data-renew": renew or None}),
    )


def yes_or_why_not(reason: str) -> SafeString:
    """Show the admin's icon for yes or no, with the reason for a no."""
    return format_html(
        '<img src="{}" alt="{}"> <span class="quiet">{}</span>',
        static(f"admin/img/icon-{'no' if reason else 'yes'}.svg"),
        gettext("No") if reason else gettext("Yes"),
        reason,
    )
