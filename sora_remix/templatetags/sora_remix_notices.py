"""Notices above the app's admin pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.contrib.admin import AdminSite
from django.template import Context

register = template.Library()


@register.inclusion_tag("admin/sora_remix/notices.html", takes_context=True)
def sora_remix_notices(context: Context, *, on_list: bool = False) -> dict[str, Any]:
    """Show what blocks remixes, and what waits for this user."""
    from ..admin import notices  # late, as in `sora_remix_links`

    request = context["request"]
    found = notices.get_notices(request, _site(context), on_list=on_list)
    return {
        "notices": found,
        "version": notices.hash_notices(found),
        "page_url": request.get_full_path(),
    }


def _site(context: Context) -> AdminSite:
    """Return the admin site of a page, from its ModelAdmin."""
    shown = context.get("cl") or context.get("adminform")
    site: AdminSite = (shown.model_admin if shown else context["model_admin"]).admin_site
    return site
