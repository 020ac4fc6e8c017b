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

from ..captions import track_of
from ..models import Approval, ReferenceImage, Remix, RemixBatch, Video
from . import words

STYLESHEETS = tuple(f"sora_remix/{name}.css" for name in ("admin", "preview", "review"))
ORDER_SCRIPT = "sora_remix/order.js"
PROGRESS_SCRIPT = "sora_remix/progress.js"
TREE_STYLESHEET = "sora_remix/tree.css"
TREE_SCRIPT = "sora_remix/tree.js"
GRID_SCRIPT = "sora_remix/grid.js"
SCRIPTS = ("sora_remix/renew.js", "sora_remix/preview.js")
"""On every page that shows videos."""
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


def compare_url(left: Video, right: Video) -> str:
    """Return the URL of the page with two videos under one play head."""
    chosen = urlencode({"left": left.pk, "right": right.pk})
    return f"{reverse('admin:sora_remix_video_compare')}?{chosen}"


def cells_url(batch: RemixBatch) -> str:
    """Return the URL of what is done to selected cells of the grid of a batch."""
    return reverse("admin:sora_remix_remixbatch_cells", args=[batch.pk])


def video_url(name: str) -> str:
    """Return the URL of a page about videos."""
    return reverse(f"admin:sora_remix_video_{name}")


def act_url(name: str, remix: Remix | None = None) -> str:
    """Return the URL of an act for one remix, or for a selection."""
    return reverse(f"admin:sora_remix_remix_{name}", args=[remix.pk] if remix else [])


def tree_url(video: Video) -> str:
    """Return the URL of the tree of what a video came from and everything made from it."""
    return reverse("admin:sora_remix_video_tree", args=[video.pk])


def tree_link(video: Video) -> SafeString:
    """Link to the tree of a video from among many."""
    return format_html(
        '<a href="{}">{}<span class="visually-hidden">: {}</span></a>',
        tree_url(video),
        gettext("Tree"),
        video.title,
    )


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


def file_url(video: Video, part: str) -> str:
    """Return where the admin leads on to a file of a video, however long ago a page was made."""
    return reverse("admin:sora_remix_video_file", args=[video.pk, part])


def approval(video: Video) -> SafeString:
    """Show what was decided about a video, in a word."""
    return format_html(
        '<span class="sora-remix-status sora-remix-{}">{}</span>',
        video.approval,
        gettext("cleared") if video.cleared_at else video.get_approval_display(),
    )


def decided(video: Video) -> SafeString | str:
    """Show what was decided about a video, if anything was."""
    return "" if video.approval == Approval.NEW else approval(video)


def thumbnail(video: Video, description: str = "") -> SafeString:
    """Show a small picture that moves when asked; a title beside it is description enough."""
    if video.thumbnail:
        renew = file_url(video, "thumbnail")
        picture = _small_picture(video.thumbnail.url, description, renew)
    else:
        place = '<span class="sora-remix-thumbnail" aria-hidden="true">▶</span>'
        picture = format_html(place + '<span class="visually-hidden">{}</span>', description)
    if not (video.file or video.spritesheet):
        return picture
    return format_html(
        '<span class="sora-remix-preview"{}>{}</span>', flatatt(_moving(video)), picture
    )


def _moving(video: Video) -> dict[str, object]:
    """Return what the script needs to show the video in small: nothing is loaded before."""
    has_sheet = bool(video.spritesheet and video.sheet_columns)
    return {
        "data-preview": gettext("Play a preview of “%(title)s”") % {"title": video.title},
        "data-video": file_url(video, "file") if video.file else None,
        "data-sheet": file_url(video, "spritesheet") if has_sheet else None,
        "data-columns": video.sheet_columns if has_sheet else None,
        "data-rows": video.sheet_rows if has_sheet else None,
        "data-frames": video.sheet_frames if has_sheet else None,
    }


def hidden(text: str) -> SafeString:
    """Tell screen readers what the eye sees beside it."""
    return format_html('<span class="visually-hidden">{}</span>', text)


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
        "data-renew": file_url(video, "file"),
        "data-renew-poster": file_url(video, "thumbnail") if video.thumbnail else None,
    }
    return format_html("<video{}>{}</video>", flatatt(attributes), _track(video))


def captions_url(video: Video) -> str:
    """Return the URL of the captions of a video."""
    return reverse("admin:sora_remix_video_captions", args=[video.pk])


def _track(video: Video) -> SafeString | str:
    if not video.captions:
        return ""
    track = track_of(video, captions_url(video))
    return format_html(
        '<track kind="captions" src="{}" srclang="{}" label="{}">',
        track.src,
        track.language,
        track.label,
    )


def _small_picture(url: str, description: str, renew: str | None = None) -> SafeString:
    return format_html(
        '<img class="sora-remix-thumbnail" src="{}" alt="{}"{} width="96" height="54" '
        'loading="lazy">',
        url,
        description,
        flatatt({"data-renew": renew}),
    )


def yes_or_why_not(reason: str) -> SafeString:
    """Show the admin's own icon, with the reason in words beside a no."""
    return format_html(
        '<img src="{}" alt="{}"> <span class="quiet">{}</span>',
        static(f"admin/img/icon-{'no' if reason else 'yes'}.svg"),
        gettext("No") if reason else gettext("Yes"),
        reason,
    )
