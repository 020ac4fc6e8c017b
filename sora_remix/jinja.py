"""The template tags as functions for Jinja2: add them to the globals of your environment."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Engine, engines
from django.template.backends.django import DjangoTemplates
from django.utils.safestring import SafeString

from .players import TEMPLATE, json_ld, player_values

try:
    from jinja2 import pass_context
except ImportError as error:
    message = "sora_remix.jinja needs Jinja2: install it, or use the template tags of Django."
    raise ImproperlyConfigured(message) from error

LOADED = "_sora_remix_player"


@pass_context
def remix_video(context: Any, video: Any, **options: Any) -> SafeString:
    """Render a player for an approved video. For any other, render nothing and log why.

    The first player of a request brings the style sheet and the script. Without a `request` in the
    context, each one does.
    """
    values = player_values(video, **options)
    if values is None:
        return SafeString("")
    shown = Context({**values, "is_first": _is_first(context.get("request"))})
    return _engine().get_template(TEMPLATE).render(shown)


@pass_context
def remix_video_json_ld(context: Any, video: Any, **options: Any) -> SafeString:
    """Describe an approved video as JSON-LD. For any other, render nothing and log why."""
    request = context.get("request")
    absolute: Callable[[str], str] = request.build_absolute_uri if request else str
    return json_ld(video, absolute, **options)


def _is_first(request: Any) -> bool:
    if request is None:
        return True
    is_first = not hasattr(request, LOADED)
    setattr(request, LOADED, True)
    return is_first


def _engine() -> Engine:
    """Return the site's engine for Django's templates, which may have another player, or one."""
    found = (one for one in engines.all() if isinstance(one, DjangoTemplates))
    return next((one.engine for one in found), None) or _own_engine()


@cache
def _own_engine() -> Engine:
    options = {"NAME": "sora_remix", "DIRS": [], "APP_DIRS": True, "OPTIONS": {}}
    return DjangoTemplates(options).engine
