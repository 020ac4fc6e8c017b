"""Links to rows on our pages of the admin, within the site that shows them."""

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
    """Show the picture of a video beside its title, which links to it."""
    return html.titled(video, links)


@register.filter
def change_link(row: Model, links: Links) -> SafeString:
    """Link to the page of a row."""
    return links.change_link(row, str(row))
