"""The sentences of the notices, and to whom each one is shown."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ...dollars import dollars
from ...fal import BILLING_URL, KEYS_URL, HoldCode
from ...models import Budget, Hold, Pause, Remix, RemixEvent
from ...models.status import Status
from ..formatting.account import HOLD_CAUSES
from ..formatting.dates import time_of_day
from ..formatting.retries import because
from ..links import Links
from ..permissions import DECIDE, EXCHANGE, VIEW, VIEW_BUDGETS, has_perms, is_administrator
from ..visibility import get_visible_rows
from .state import NoticeState, billed_oddly_of_late, read_state

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
    help_url: str = ""
    """A page of fal that helps; its link is shown beside a button, too."""
    help_link: str = ""


def get_notices(request: HttpRequest, site: AdminSite, *, on_list: bool) -> list[Notice]:
    """Return the notices for this user."""
    state, links = read_state(), Links(site)
    notices = [
        *(_report_sync(request) if state.is_sync else _report_no_worker(request, state)),
        *_report_missing_key(request, state),
        *_report_hold(request, state.system.hold, links, on_list=on_list),
        *_report_pause(request, state.system.pause, links, on_list=on_list),
        *_report_failures(request, state, links),
        *_report_unconfirmed(request, state, site),
        *_report_bills(request, state, site),
        *_report_balance(request, state),
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


def _report_missing_key(request: HttpRequest, state: NoticeState) -> Iterator[Notice]:
    if state.system.hold or not state.is_key_missing:
        return
    if not is_administrator(request):
        yield Notice(
            _(
                "This site has no key for fal yet, so nothing can be sent. Ask an administrator "
                "to set one."
            )
        )
        return
    yield Notice(
        _(
            "This site has no key for fal yet, so nothing can be sent. Set SORA_REMIX_FAL_KEY in "
            "the settings, or FAL_KEY in the workers' environment (“Settings” in the docs)."
        ),
        url=KEYS_URL,
        link=_("Create a key at fal"),
    )


def _report_hold(
    request: HttpRequest, hold: Hold | None, links: Links, *, on_list: bool
) -> Iterator[Notice]:
    """Report why fal accepts nothing from the account, what to do, and when it is tried again."""
    if not hold:
        return
    said = [
        str(HOLD_CAUSES.get(hold.code, "")),
        _("Remixes wait. Nothing is sent, and nothing is charged for them."),
        _describe_remedy(request, hold),
        _describe_next_try(hold),
    ]
    if hold.reason and has_perms(request, EXCHANGE):
        said.append(because(hold.reason))
    help_url, help_link = _find_help(hold) if is_administrator(request) else ("", "")
    notice = Notice(" ".join(filter(None, said)), help_url=help_url, help_link=help_link)
    yield _with_button(notice, request, links, _("Try now"), on_list=on_list)


def _describe_remedy(request: HttpRequest, hold: Hold) -> str:
    is_locked = hold.code == HoldCode.ACCOUNT_LOCKED
    if not is_administrator(request):
        if is_locked:
            return _("Ask an administrator to add credit at fal.")
        return _("Ask an administrator to set a valid key.")
    if is_locked:
        return _("Add credit at fal.")
    return _(
        "Set a valid one as SORA_REMIX_FAL_KEY in the settings, or as FAL_KEY in the workers' "
        "environment, and restart the workers."
    )


def _describe_next_try(hold: Hold) -> str:
    if not hold.next_try:
        return _("Sending continues by itself. The next waiting remix is sent as a try.")
    message = _("At %(time)s, the site tries again and continues by itself.")
    return message % {"time": time_of_day(hold.next_try)}


def _find_help(hold: Hold) -> tuple[str, str]:
    """Return the page of fal that helps, and the text of its link."""
    if hold.code == HoldCode.ACCOUNT_LOCKED:
        return BILLING_URL, _("Open billing at fal")
    return KEYS_URL, _("Create a key at fal")


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
    yield _with_button(Notice(text), request, links, _("Resume sending"), on_list=on_list)


def _with_button(
    notice: Notice, request: HttpRequest, links: Links, button: str, *, on_list: bool
) -> Notice:
    """Return the notice with a button to send now, or with a link to a list that has it."""
    if not (has_perms(request, VIEW, DECIDE) and (resume_url := links.remix_url("resume"))):
        return notice
    if on_list:
        return replace(notice, url=resume_url, button=button)
    return replace(notice, url=links.changelist_url(Remix), link=_("Show remixes"))


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


def _report_bills(request: HttpRequest, state: NoticeState, site: AdminSite) -> Iterator[Notice]:
    if not state.system.was_billed_oddly or not has_perms(request, VIEW):
        return
    flagged = Exists(RemixEvent.objects.filter(billed_oddly_of_late(), remix=OuterRef("pk")))
    own = get_visible_rows(site, request, Remix).exclude(bill_flag="").filter(flagged)
    if not (many := own.count()):
        return
    message = ngettext(
        "In the last seven days, %(many)d remix was billed unexpectedly.",
        "In the last seven days, %(many)d remixes were billed unexpectedly.",
        many,
    )
    yield Notice(
        message % {"many": many},
        url=Links(site).changelist_url(Remix, bill="unexpected"),
        link=_("Show remixes"),
    )


def _report_balance(request: HttpRequest, state: NoticeState) -> Iterator[Notice]:
    if (left := state.low_balance) is None:
        return
    if is_administrator(request):
        message = _(
            "The site's account at fal has %(amount)s left. At 0, fal refuses remixes. Top it up "
            "soon."
        )
        text = message % {"amount": dollars(left)}
        yield Notice(text, url=BILLING_URL, link=_("Top up at fal"))
    else:
        yield Notice(
            _(
                "The site's account at fal is running out of money. Ask an administrator to top "
                "it up."
            )
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
