"""Approving and rejecting many videos at once, and clearing away what was rejected."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import BadRequest
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ...database import ROWS_PER_QUERY, retry_conflicts
from ...exceptions import InvalidTransition
from ...models import Approval, Video
from ...models.approval import OVERTAKEN
from ..formatting import html
from ..links import Links
from ..pages import keep_filters, list_url, render_page
from ..params import text
from ..permissions import APPROVE, DELETE_VIDEO, may, require
from ..rows import permitted

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.utils.functional import _StrPromise

    from ...models.users import User
    from ...models.video import VideoQuerySet

SHOWN = 100
"""Videos that are listed one by one; the numbers are of all."""
NOTE_LENGTH = 2000
HIDDEN = _("It was deleted, or you don't have permission to view it.")


@dataclass(frozen=True)
class ApprovalDecision:
    """One thing that a person may decide about videos."""

    name: str
    permissions: tuple[str, ...]
    label: _StrPromise
    meaning: _StrPromise
    button_label: _StrPromise
    done: _StrPromise
    possible: Callable[[VideoQuerySet], VideoQuerySet]
    perform: Callable[[Video, User, str, str], None]
    approval: Approval | None = None
    """What a video is afterwards; None when that is not decided."""
    has_note: bool = True


def _undecided(approval: Approval, videos: VideoQuerySet) -> VideoQuerySet:
    return videos.filter(cleared_at=None).exclude(approval=approval)


APPROVAL = ApprovalDecision(
    name="approve",
    permissions=(APPROVE,),
    label=_("Approve"),
    meaning=_("The site may show these videos from now on."),
    button_label=ngettext_lazy("Approve %(many)d video", "Approve %(many)d videos", "many"),
    done=ngettext_lazy("%(many)d video was approved.", "%(many)d videos were approved.", "many"),
    possible=partial(_undecided, Approval.APPROVED),
    perform=lambda video, by, note, seen: video.approve(by=by, note=note, seen=seen),
    approval=Approval.APPROVED,
)
REJECTION = ApprovalDecision(
    name="reject",
    permissions=(APPROVE,),
    label=_("Reject"),
    meaning=_("The site does not show these videos. Their files stay until they are cleared."),
    button_label=ngettext_lazy("Reject %(many)d video", "Reject %(many)d videos", "many"),
    done=ngettext_lazy("%(many)d video was rejected.", "%(many)d videos were rejected.", "many"),
    possible=partial(_undecided, Approval.REJECTED),
    perform=lambda video, by, note, seen: video.reject(by=by, note=note, seen=seen),
    approval=Approval.REJECTED,
)
CLEARING = ApprovalDecision(
    name="clear",
    permissions=(APPROVE, DELETE_VIDEO),
    label=_("Clear files"),
    meaning=_(
        "The files that this app stored for these rejected videos are deleted for good. "
        "Files from elsewhere on your site are kept. Sources, costs and decisions stay "
        "on record."
    ),
    button_label=ngettext_lazy("Clear %(many)d video", "Clear %(many)d videos", "many"),
    done=ngettext_lazy("%(many)d video was cleared.", "%(many)d videos were cleared.", "many"),
    possible=lambda videos: videos.clearable(),
    perform=lambda video, by, note, seen: video.clear(seen=seen),
    has_note=False,
)
DECISIONS = {one.name: one for one in (APPROVAL, REJECTION, CLEARING)}


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the addresses at which decisions about many videos are carried out."""
    return [
        path(
            f"{name}/",
            model_admin.admin_site.admin_view(
                partial(decide_selected, model_admin=model_admin, decision=decision)
            ),
            name=f"sora_remix_video_{name}",
        )
        for name, decision in DECISIONS.items()
    ]


def confirm_decision(
    request: HttpRequest,
    videos: QuerySet[Video],
    model_admin: ModelAdmin[Video],
    decision: ApprovalDecision,
) -> HttpResponse:
    """Show what would be decided about a selection, and the button that does it."""
    require(model_admin, request, *decision.permissions)
    chosen = Video.objects.filter(pk__in=videos.order_by().values("pk"))
    possible = decision.possible(chosen).order_by("pk")
    shown = possible.only("approval", *Video.SHOWN_FIELDS)
    seen = [
        f"{video.pk}:{video.revision}"
        for video in permitted(model_admin, request, shown.iterator())
    ]
    reasons = _reasons(decision, chosen.exclude(pk__in=possible.order_by().values("pk")))
    links = Links(model_admin.admin_site)
    context = {
        "title": _("%(decision)s: selected videos") % {"decision": decision.label},
        "action_url": keep_filters(model_admin, request, links.video_url(decision.name)),
        "decision": decision,
        "many": len(seen),
        "button_label": decision.button_label % {"many": len(seen)},
        "left_alone": sum(reasons.values()),
        "reasons": reasons.most_common(),
        **(_cleared(possible) if decision is CLEARING else {}),
        "seen": ",".join(seen),
        "videos": [
            html.titled(video, links) for video in permitted(model_admin, request, possible[:SHOWN])
        ],
        "note_length": NOTE_LENGTH,
    }
    return render_page(request, model_admin, "decide.html", context)


@require_POST
def decide_selected(
    request: HttpRequest, *, model_admin: ModelAdmin[Video], decision: ApprovalDecision
) -> HttpResponse:
    """Decide about the videos that the page has shown, as far as they still are as it has shown."""
    require(model_admin, request, *decision.permissions)
    seen = _seen(request.POST.get("videos", ""))
    note = note_of(request)
    if decision.approval:
        outcomes = _decide_many(model_admin, request, decision, decision.approval, seen, note)
    else:
        videos = _visible(model_admin, request, seen)
        outcomes = Counter(
            decide(model_admin, request, decision, one, note, seen[one.pk]) for one in videos
        )
        outcomes[str(HIDDEN)] += len(seen) - len(videos)
    outcomes = +outcomes
    if done := outcomes.pop("", 0):
        messages.success(request, decision.done % {"many": done})
    for reason, many in outcomes.items():
        text = ngettext(
            "%(many)d video was not changed: %(reason)s",
            "%(many)d videos were not changed: %(reason)s",
            many,
        )
        messages.warning(request, text % {"many": many, "reason": reason})
    return HttpResponseRedirect(list_url(model_admin, request))


def reset_approval(
    model_admin: ModelAdmin[Video], request: HttpRequest, video: Video, changed: Iterable[str]
) -> None:
    """Have a video approved again whose shown fields were changed by somebody who may not."""
    if may(request, APPROVE) or set(video.SHOWN_FIELDS).isdisjoint(changed):
        return
    if Video.objects.filter(pk=video.pk).reset_approval(by=request.user):
        model_admin.log_change(request, video, gettext("Approval withdrawn by a change"))
        message = gettext(
            "“%(title)s” must be approved again because the site shows what you changed."
        )
        messages.warning(request, message % {"title": video.title})


def decide(
    model_admin: ModelAdmin[Video],
    request: HttpRequest,
    decision: ApprovalDecision,
    video: Video,
    note: str,
    seen: str,
) -> str:
    """Decide about a video as it was seen, and note it in its history; return why not, if so."""
    try:
        _perform(model_admin, request, decision, video, note, seen)
    except InvalidTransition as refusal:
        return "" if _is_made(request, decision, [video.pk], note) else str(refusal)
    return ""


@retry_conflicts
def _perform(
    model_admin: ModelAdmin[Video],
    request: HttpRequest,
    decision: ApprovalDecision,
    video: Video,
    note: str,
    seen: str,
) -> None:
    decision.perform(video, request.user, note, seen)
    model_admin.log_change(request, video, _logged(decision, note))


def note_of(request: HttpRequest) -> str:
    """Read the note of a form; raise `BadRequest` for what no database keeps."""
    return text(request.POST, "note", most=NOTE_LENGTH)


def _visible(
    model_admin: ModelAdmin[Video], request: HttpRequest, pks: Iterable[int]
) -> list[Video]:
    """Return those of these videos that this person may view."""
    found = model_admin.get_queryset(request).in_bulk(list(pks))
    return permitted(model_admin, request, found.values())


def _decide_many(
    model_admin: ModelAdmin[Video],
    request: HttpRequest,
    decision: ApprovalDecision,
    approval: Approval,
    seen: dict[int, str],
    note: str,
) -> Counter[str]:
    """Decide about many as they were seen, in few queries; return how often what came of it."""
    outcomes: Counter[str] = Counter()
    shown = [*seen.items()]
    for start in range(0, len(shown), ROWS_PER_QUERY):
        part = dict(shown[start : start + ROWS_PER_QUERY])
        done, left = _decide_part(model_admin, request, decision, approval, part, note)
        mine = _is_made(request, decision, left, note)
        outcomes[""] += len(done) + mine
        outcomes[str(OVERTAKEN)] += len(left) - mine
        outcomes[str(HIDDEN)] += len(part) - len(done) - len(left)
    return +outcomes


@retry_conflicts
def _decide_part(
    model_admin: ModelAdmin[Video],
    request: HttpRequest,
    decision: ApprovalDecision,
    approval: Approval,
    seen: dict[int, str],
    note: str,
) -> tuple[set[int], set[int]]:
    """Decide about these as they were shown; return which are done, and which were not."""
    videos = {video.pk: video for video in _visible(model_admin, request, seen)}
    known = {pk: seen[pk] for pk in videos}
    done = Video.objects.all().decide(approval, seen=known, by=request.user, note=note)
    _log(request, [videos[pk] for pk in videos if pk in done], _logged(decision, note))
    return done, videos.keys() - done


def _is_made(
    request: HttpRequest, decision: ApprovalDecision, pks: Iterable[int], note: str
) -> int:
    """Count those about which this user has decided just that already, as by a double click."""
    if not pks or not decision.approval:
        return 0
    made = {"approval": decision.approval, "approval_note": note, "cleared_at": None}
    return Video.objects.filter(pk__in=pks, decided_by=request.user.pk, **made).count()


def _logged(decision: ApprovalDecision, note: str) -> str:
    return f"{decision.label}: {note}" if note else str(decision.label)


def _log(request: HttpRequest, videos: Sequence[Video], said: str) -> None:
    user = cast("int", request.user.pk)  # the admin lets nobody else in
    LogEntry.objects.log_actions(user, videos, CHANGE, said)


def _seen(named: str) -> dict[int, str]:
    """Read primary keys, each with the revision of the video that was shown."""
    items = [one for one in named.split(",") if one]
    if not all(re.fullmatch("[0-9]{1,18}:[A-Za-z0-9_-]{12}", one) for one in items):
        raise BadRequest("`videos` must be primary keys, each with a revision after a colon.")
    parts = (one.split(":") for one in items)
    return {int(pk): revision for pk, revision in parts}


def _reasons(decision: ApprovalDecision, videos: QuerySet[Video]) -> Counter[str]:
    """Count why nothing is decided about videos that are left as they are."""
    left = videos.values_list("approval", "cleared_at", "file")
    return Counter(str(_why_not(decision, *values)) for values in left)


def _why_not(
    decision: ApprovalDecision, approval: str, cleared_at: datetime | None, file: str
) -> _StrPromise:
    if cleared_at:
        return _("Its files have already been cleared.")
    if decision.approval:
        return _("This has already been decided.")
    if approval != Approval.REJECTED:
        return _("It has not been rejected.")
    return (
        _("A remix in progress still needs this file.")
        if file
        else _("The site has no file for this video.")
    )


def _cleared(videos: QuerySet[Video]) -> dict[str, Any]:
    """Count the files that clearing deletes, and those that stay because others put them there."""
    deleted = kept = size = 0
    for video in videos.only("size", "stored_files", *Video.FILE_FIELDS).iterator():
        owned = video.owned_files()
        deleted += len(owned)
        kept += sum(bool(getattr(video, field)) for field in Video.FILE_FIELDS) - len(owned)
        size += (video.size or 0) if video.owned_files("file") else 0
    return {"files": deleted, "kept": kept, "freed": filesizeformat(size)}
