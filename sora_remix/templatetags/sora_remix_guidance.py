"""What to do next on the app's admin pages that have nothing to show.

The admin is imported late, as in `sora_remix_links`.
"""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.admin import AdminSite
from django.http import HttpRequest
from django.template import Context

TEMPLATE = "admin/sora_remix/guidance.html"

register = template.Library()


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_guidance(context: Context) -> dict[str, Any]:
    """Say how to fill an empty list, or to see more than its filters leave."""
    from ..admin import guidance

    return {"guidance": guidance.guide_list(context["request"], context["cl"])}


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_permission_guidance(context: Context) -> dict[str, Any]:
    """Say why a page has no Remix button for a user without the permission."""
    from ..admin import guidance

    return {"guidance": guidance.guide_permission(*_asked(context))}


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_batch_guidance(context: Context) -> dict[str, Any]:
    """Say what to do about a draft, or a batch without any remix to show."""
    from ..admin import guidance

    return {"guidance": guidance.guide_batch(*_asked(context), context["original"])}


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_review_guidance(context: Context) -> dict[str, Any]:
    """Say that no video is waiting for a decision."""
    from ..admin import guidance
    from ..admin.links import Links

    _request, site = _asked(context)
    is_filtered = bool(context["queue"].filters)
    found = guidance.guide_review(Links(site), context["list_url"], is_filtered=is_filtered)
    return {"guidance": found}


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_tree_guidance(context: Context) -> dict[str, Any]:
    """Say what to do about a tree with a single video."""
    from ..admin import guidance

    items, found = context["items"], None
    if len(items) == 1 and context["sees_remixes"]:
        is_remixable = items[0].node.is_remixable
        asked = (*_asked(context), context["video"])
        found = guidance.guide_tree(*asked, is_remixable=is_remixable)
    return {"guidance": found}


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_comparison_guidance(context: Context) -> dict[str, Any]:
    """Say how to get something to compare a video with."""
    from ..admin import guidance

    video = context["sides"][0].video
    return {"guidance": guidance.guide_comparison(*_asked(context), video)}


@register.inclusion_tag(TEMPLATE, takes_context=True)
def sora_remix_selection_guidance(context: Context) -> dict[str, Any]:
    """Say where to find videos that can be remixed."""
    from ..admin import guidance

    return {"guidance": guidance.guide_selection(_asked(context)[1])}


def _asked(context: Context) -> tuple[HttpRequest, AdminSite]:
    """Return the request and the admin site of a page."""
    from ..admin.pages import get_page_admin

    return context["request"], get_page_admin(context).admin_site  # type: ignore[arg-type]
