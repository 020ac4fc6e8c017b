"""Input that arrives after a session ran out is kept until its author has logged in again.

It waits in the anonymous session, whose data Django keeps when somebody logs in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any

from django.http import HttpRequest, QueryDict
from django.http.response import HttpResponseBase

from .cells import CELL, ROWS, WITHOUT
from .draft import RECALCULATE
from .fitting import AGREE, SHAPE
from .kept_options import KEPT, OPTION, SHOWN_ENDPOINT
from .parts import END, PARTS, START
from .prompts import NUMBERS, PROMPT

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

    View = Callable[..., HttpResponseBase]

SESSION_KEY = "sora_remix_input"
NAMES = frozenset(
    ("endpoint", PROMPT, NUMBERS, SHOWN_ENDPOINT, KEPT, CELL, ROWS, WITHOUT, AGREE, SHAPE, PARTS)
)
"""Names of the fields that are kept, beside options."""
MOST = 100_000
"""More bytes than these are not kept, because anybody can send them."""


def keep_input(site: AdminSite, view: View) -> View:
    """Let a view of a draft keep what somebody sends who is no longer logged in."""

    @wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method == "POST" and not site.has_permission(request):
            _keep(request, kwargs["pk"])
        return view(request, *args, **kwargs)

    return wrapped


def find_input(request: HttpRequest, pk: int) -> QueryDict | None:
    """Return the input that was kept for this draft."""
    kept = request.session.get(SESSION_KEY)
    if not kept or kept["draft"] != pk:
        return None
    # With the name of this button, so that it is never confirmed by itself.
    return QueryDict(f"{RECALCULATE}=1&{kept['input']}")


def forget_input(request: HttpRequest) -> None:
    """Forget the input that was kept, because the page that showed it was sent."""
    request.session.pop(SESSION_KEY, None)


def _keep(request: HttpRequest, pk: int) -> None:
    if request.user.is_authenticated:
        return
    data = QueryDict(mutable=True)
    for name, values in request.POST.lists():
        if name in NAMES or name.startswith((f"{OPTION}-", START, END)):
            data.setlist(name, values)
    if len(text := data.urlencode()) <= MOST:
        request.session[SESSION_KEY] = {"draft": pk, "input": text}
