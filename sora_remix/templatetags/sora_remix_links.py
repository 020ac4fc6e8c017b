"""Links to rows on the app's admin pages, within the current admin site.

The admin is imported late: a theme may render a widget, and so load all template tags, while its
own ModelAdmin, from which those of the app derive, is still being imported.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import template
from django.contrib.admin.sites import all_sites
from django.db.models import Model
from django.template import Context
from django.utils.safestring import SafeString

from ..models import Video

if TYPE_CHECKING:
    from ..admin.links import Links

register = template.Library()


@register.filter
def titled(video: Video, links: Links) -> SafeString:
    """Show a video's thumbnail next to its title, which links to the video."""
    from ..admin.formatting import html

    return html.titled(video, links)


@register.filter
def picture(video: Video, links: Links) -> SafeString:
    """Show the thumbnail of a video whose title stands below it."""
    from ..admin.formatting import html

    return html.thumbnail(video, links)


@register.filter
def file_address(video: Video, links: Links) -> str:
    """Return the URL of a video's file, which stays valid if the site has such URLs."""
    return links.file_url(video, "file") or video.file.url


@register.filter
def change_link(row: Model, links: Links) -> SafeString:
    """Link to the change page of a row."""
    return links.change_link(row, str(row))


@register.simple_tag(takes_context=True)
def sora_remix_spend_url(context: Context) -> str:
    """Return the URL of the page about spend on this admin site, for users who may open it."""
    from ..admin.spend.views import get_spend_url

    request = context["request"]
    site = next((one for one in all_sites if one.name == request.current_app), None)
    return get_spend_url(site, request) if site else ""
