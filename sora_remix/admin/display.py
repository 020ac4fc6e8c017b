"""How videos and links to other pages of the admin look."""

from __future__ import annotations

from django.contrib.admin.utils import quote
from django.db.models import Model
from django.forms.utils import flatatt
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext

from ..models import ReferenceImage, Remix, RemixBatch, Video
from . import words

STYLESHEET = "sora_remix/admin.css"
ORDER_SCRIPT = "sora_remix/order.js"
PROGRESS_SCRIPT = "sora_remix/progress.js"
GRID_SCRIPT = "sora_remix/grid.js"
EXPLANATION_SHOWN = 300


def change_url(instance: Model) -> str:
    """Return the URL of the page of a row."""
    opts = instance._meta
    name = f"admin:{opts.app_label}_{opts.model_name}_change"
    return reverse(name, args=[quote(instance.pk)])


def change_link(instance: Model, text: str) -> SafeString:
    """Link to the page of a row."""
    return format_html('<a href="{}">{}</a>', change_url(instance), text)


def changelist_url(model: type[Model], **lookups: int | str) -> str:
    """Return the URL of a list, filtered."""
    opts = model._meta
    url = reverse(f"admin:{opts.app_label}_{opts.model_name}_changelist")
    return f"{url}?{urlencode(lookups)}" if lookups else url


def changelist_link(text: str, model: type[Model], **lookups: int | str) -> SafeString:
    """Link to a list, filtered."""
    return format_html('<a href="{}">{}</a>', changelist_url(model, **lookups), text)


def confirm_url(batch: RemixBatch) -> str:
    """Return the URL of the page on which a draft is confirmed."""
    return reverse("admin:sora_remix_remixbatch_confirm", args=[batch.pk])


def cells_url(batch: RemixBatch) -> str:
    """Return the URL of what is done to selected cells of the grid of a batch."""
    return reverse("admin:sora_remix_remixbatch_cells", args=[batch.pk])


def act_url(name: str, remix: Remix | None = None) -> str:
    """Return the URL of an act for one remix, or for a selection."""
    return reverse(f"admin:sora_remix_remix_{name}", args=[remix.pk] if remix else [])


def state(remix: Remix) -> SafeString:
    """Show the status of a remix, and what went wrong in words."""
    label = words.label(remix)
    return format_html(
        '<span class="sora-remix-status sora-remix-{}">{}</span> {}<span>{}</span>',
        remix.status,
        remix.get_status_display(),
        format_html("<strong>{}</strong> ", gettext("%(label)s:") % {"label": label})
        if label
        else "",
        Truncator(words.explain(remix)).chars(EXPLANATION_SHOWN),
    )


def thumbnail(video: Video, description: str = "") -> SafeString:
    """Show a small picture, or its place; a title beside it is description enough."""
    if not video.thumbnail:
        place = '<span class="sora-remix-thumbnail" aria-hidden="true">▶</span>'
        return format_html(place + '<span class="visually-hidden">{}</span>', description)
    return _small_picture(video.thumbnail.url, description)


def small_picture(image: ReferenceImage, description: str) -> SafeString:
    """Show a reference image as small as the pictures of videos."""
    return _small_picture(image.file.url, description)


def titled(video: Video) -> SafeString:
    """Show the picture of a video beside its title, which links to it."""
    link = change_link(video, video.title)
    return format_html(
        '<span class="sora-remix-beside">{} <span>{}</span></span>', thumbnail(video), link
    )


def player(video: Video) -> SafeString | str:
    """Show the video itself, if the site has its file."""
    if not video.file:
        return gettext("The site has no file of this video.")
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
    }
    return format_html("<video{}></video>", flatatt(attributes))


def _small_picture(url: str, description: str) -> SafeString:
    return format_html(
        '<img class="sora-remix-thumbnail" src="{}" alt="{}" width="72" height="41" '
        'loading="lazy">',
        url,
        description,
    )


def yes_or_why_not(reason: str) -> SafeString:
    """Show the admin's own icon, with the reason in words beside a no."""
    return format_html(
        '<img src="{}" alt="{}"> <span class="quiet">{}</span>',
        static(f"admin/img/icon-{'no' if reason else 'yes'}.svg"),
        gettext("No") if reason else gettext("Yes"),
        reason,
    )
