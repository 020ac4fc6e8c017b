"""Links to rows on the app's admin pages, within the current admin site."""

from __future__ import annotations

from django import template
from django.db.models import Model
from django.utils.safestring import SafeString

from ..admin.formatting import html
from ..admin.links import Links
from ..models import Video

register = template.Library()


@register.filter
def titled(video: Video, links: Links) -> SafeString:
    """Show a video's thumbnail next to its title, which links to the video."""
    return html.titled(video, links)


@register.filter
def picture(video: Video, links: Links) -> SafeString:
    """Show the thumbnail of a video whose title stands below it."""
    return html.thumbnail(video, links)


@register.filter
def change_link(row: Model, links: Links) -> SafeString:
    """Link to the change page of a row."""
    return links.change_link(row, str(row))
