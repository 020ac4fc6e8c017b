"""Notices above the app's admin pages."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import Context

register = template.Library()


@register.inclusion_tag("admin/sora_remix/notices.html", takes_context=True)
def sora_remix_notices(context: Context, *, on_list: bool = False) -> dict[str, Any]:
    """Show what blocks remixes, and what waits for this user."""
    from ..admin.notices.views import describe_area  # late, as in `sora_remix_links`
    from ..admin.pages import get_page_admin

    request, model_admin = context["request"], get_page_admin(context)  # type: ignore[arg-type]
    return describe_area(request, model_admin, request.get_full_path(), on_list=on_list)
