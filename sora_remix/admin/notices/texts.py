"""The sentences of the notices, and to whom each one is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...fal import KEYS_URL
from ...models import Budget, Pause, Remix
from ...models.status import Status
from ..formatting.dates import time_of_day
from ..formatting.retries import because
from ..links import Links
from ..permissions import DECIDE, EXCHANGE, VIEW, VIEW_BUDGETS, has_perms, is_administrator
from ..visibility import get_visible_rows
from .state import NoticeState, read_state

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite


@dataclass(frozen=True)
class Notice:
    """A problem and what to do about it: a shell command, a link or a button."""

    text: str
    command: str = ""
    url: str = ""
    link: str = ""
    button: str = ""
    """Instead of a link: it posts to `url`."""
    is_quiet: bool = False


def get_notices(request: HttpRequest, site: AdminSite, *, on_list: bool) -> list[Notice]:
    """Return the notices for this user."""
    state, links = read_state(), Links(site)
    notices = [
        *(_report_sync(request) if state.is_sync else _report_no_worker(request, state)),
        *_report_key(request, state),
        *_report_pause(request, state.system.pause, links, on_list=on_list),
        *_report_failures(request, state, links),
        *_report_unconfirmed(request, state, site),
        *(_report_budgets(request, links) if state.system.is_budget_reached else ()),
    ]
    if on_list:
        notices += _report_retired(request, state)
    return notices


def hash_notices(notices: Iterable[Notice]) -> str:
    """Return a short hash by which a page sees that its notices changed."""
    said = "\0".join(str(part) for notice in notices for part in astuple(notice))
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def _report_no_worker(request: HttpRequest, state: NoticeState) -> Iterator[Notice]:
    if not state.has_no_worker:
        return
    if is_administrator(request):
        message = ngettext(
            "No worker has been active for two minutes, and %(many)d remix is waiting. Start one "
            "with",
            "No worker has been active for two minutes, and %(many)d remixes are "
            "waiting. Start one with",
            state.waiting.due,
        )
    else:
        message = ngettext(
            "No worker has been active for two minutes, and %(many)d remix is waiting. Ask an "
            "administrator to start one.",
            "No worker has been active for two minutes, and %(many)d remixes are waiting. Ask an "
            "administrator to start one.",
            state.waiting.due,
        )
    command = "python manage.py qcluster" if is_administrator(request) else ""
    yield Notice(message % {"many": state.waiting.due}, command=command)


def _report_sync(request: HttpRequest) -> Iterator[Notice]:
    if is_administrator(request):
        yield Notice(
            _(
                "This site runs tasks inside the request (Q_CLUSTER “sync”). Nothing is sent to "
                "fal until you turn that off and start a worker. Until then, confirmed remixes "
                "wait and cost nothing."
            )
        )
    else:
        yield Notice(
            _(
                "This site has no workers, so confirmed remixes wait and cost nothing. Ask an "
                "administrator to start a worker."
            )
        )


def _report_key(request: HttpRequest, state: NoticeState) -> Iterator[Notice]:
    may_mend = is_administrator(request)
    if state.is_key_missing:
        yield _report_missing_key(may_mend=may_mend)
    elif state.is_key_refused and may_mend:
        yield Notice(
            _("fal refuses the site's key, or its account has no money left. Find out more with"),
            command="python manage.py sora_remix_doctor",
        )
    elif state.is_key_refused:
        yield Notice(
            _(
                "fal refuses the site's key, or its account has no money left. Ask an "
                "administrator to fix it."
            )
        )


def _report_missing_key(*, may_mend: bool) -> Notice:
    if not may_mend:
        return Notice(
            _(
                "This site has no key for fal yet, so nothing can be sent. Ask an administrator "
                "to set one."
            )
        )
    return Notice(
        _(
            "This site has no key for fal yet, so nothing can be sent. Set SORA_REMIX_FAL_KEY in "
            "the settings, or FAL_KEY in the workers' environment (“Settings” in the docs)."
        ),
        url=KEYS_URL,
        link=_("Create a key at fal"),
    )


def _report_pause(
    request: HttpRequest, pause: Pause | None, links: Links, *, on_list: bool
) -> Iterator[Notice]:
    """Report until when nothing is sent; off the lists, a button would lose what was typed."""
    if not pause:
        return
    message = _(
        "Sending to fal is paused until %(time)s and then resumes by itself. Waiting remixes cost "
        "nothing meanwhile."
    )
    text = message % {"time": time_of_day(pause.until)}
    if pause.reason and has_perms(request, EXCHANGE):
        text = f"{text} {because(pause.reason)}"
    if not (has_perms(request, VIEW, DECIDE) and (resume_url := links.remix_url("resume"))):
        yield Notice(text)
    elif on_list:
        yield Notice(text, url=resume_url, button=_("Resume sending"))
    else:
        yield Notice(text, url=links.changelist_url(Remix), link=_("Show remixes"))


def _report_failures(request: HttpRequest, state: NoticeState, links: Links) -> Iterator[Notice]:
    may_list = has_perms(request, VIEW)
    for step, failures in state.failures:
        yield Notice(
            failures.describe(step, request),
            url=links.changelist_url(Remix, failing=step.name) if may_list else "",
            link=_("Show remixes"),
        )


def _report_unconfirmed(
    request: HttpRequest, state: NoticeState, site: AdminSite
) -> Iterator[Notice]:
    if not state.waiting.unconfirmed or not has_perms(request, DECIDE):
        return
    own = get_visible_rows(site, request, Remix).filter(status=Status.UNCONFIRMED)
    if not (many := own.count()):
        return
    message = ngettext(
        "%(many)d remix is unconfirmed: it is unknown whether fal has it.",
        "%(many)d remixes are unconfirmed: it is unknown whether fal has them.",
        many,
    )
    yield Notice(
        message % {"many": many},
        url=Links(site).changelist_url(Remix, status__exact=Status.UNCONFIRMED),
        link=_("Decide"),
    )


def _report_budgets(request: HttpRequest, links: Links) -> Iterator[Notice]:
    """Report budgets of which most is used."""
    if not has_perms(request, VIEW_BUDGETS):
        return
    url = links.changelist_url(Budget)
    for left in Budget.objects.nearly_used():
        message = _("%(percent)d %% of this budget is used: %(budget)s. %(renewal)s")
        values = {"percent": left.percent, "budget": left.budget, "renewal": left.renewal}
        yield Notice(message % values, url=url, link=_("Show budgets") if url else "")


def _report_retired(request: HttpRequest, state: NoticeState) -> Iterator[Notice]:
    if not (endpoint := state.retired_endpoint):
        return
    if is_administrator(request):
        message = _(
            "The default endpoint, “%(endpoint)s”, was switched off. Set "
            "SORA_REMIX_ENDPOINT to another one."
        )
    else:
        message = _(
            "The default model, “%(endpoint)s”, was switched off. Ask an administrator to choose "
            "another one."
        )
    yield Notice(message % {"endpoint": endpoint.label}, is_quiet=True)
