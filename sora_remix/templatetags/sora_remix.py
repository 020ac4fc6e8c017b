"""Template tags that show approved videos on your site, and describe them to search engines."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import template
from django.template import Context
from django.utils.safestring import SafeString

from ..players import TEMPLATE, json_ld, player_values

LOADED = "sora_remix_player"

register = template.Library()


@register.simple_tag(takes_context=True)
def remix_video(context: Context, video: Any, **options: Any) -> str:
    """Render a player for an approved video. For any other, render nothing and log why."""
    values = player_values(video, **options)
    if values is None:
        return ""
    inner = context.new({**values, "is_first": _is_first(context)})
    inner.autoescape = True  # the player is always HTML
    return context.template.engine.get_template(TEMPLATE).render(inner)  # type: ignore[union-attr]


@register.simple_tag(takes_context=True)
def remix_video_json_ld(context: Context, video: Any, **options: Any) -> SafeString:
    """Describe an approved video as JSON-LD. For any other, render nothing and log why."""
    request = context.get("request")
    absolute: Callable[[str], str] = request.build_absolute_uri if request else str
    return json_ld(video, absolute, **options)


def _is_first(context: Context) -> bool:
    """Tell whether this is the first player on the page, also across included templates.

    Each included template has its own render context on top of the page's.
    """
    page_context: Any = context.render_context.dicts[1]
    is_first = LOADED not in page_context
    page_context[LOADED] = True
    return is_first
