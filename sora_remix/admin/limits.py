"""How many rows one action may change."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ..conf import conf


def is_too_many(request: HttpRequest, rows: QuerySet[Any]) -> bool:
    """Tell whether an action is asked for more rows than it may change, and say so."""
    most = conf.SORA_REMIX_MAX_BATCH
    if not rows.order_by("pk").values_list("pk")[most : most + 1]:
        return False
    message = _(
        "Nothing was done: at most %(most)d rows can be selected at once. Use a filter to select "
        "fewer."
    )
    messages.warning(request, message % {"most": most})
    return True
