"""One new video after the other, to approve or reject it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from ...models import Approval, Remix, RemixBatch, Video
from ..formatting import html, money, text
from ..links import Links, linked
from ..pages import SCRIPTS, render_page
from ..params import key
from ..permissions import APPROVE, require
from ..rows import row_or_none, rows, told_results
from .approvals import APPROVAL, DECISIONS, NOTE_LENGTH, REJECTION, decide, note_of

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...models.video import VideoQuerySet

FILTERS = {"batch": "remix__batch", "source": "remix__source"}
"""What the queue may be narrowed to, by names in the address."""


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the address of the page."""
    view = model_admin.admin_site.admin_view(partial(review, model_admin=model_admin))
    return [path("review/", view, name="sora_remix_video_review")]


@dataclass(frozen=True)
class Queue:
    """The new videos that have a file, oldest first, and where in them a person is."""

    asked: dict[str, int]
    model_admin: ModelAdmin[Video]
    request: HttpRequest

    @property
    def links(self) -> Links:
        return Links(self.model_admin.admin_site)

    @cached_property
    def rows(self) -> VideoQuerySet:
        """The videos that this person may see."""
        return cast("VideoQuerySet", self.model_admin.get_queryset(self.request))

    @cached_property
    def filters(self) -> dict[str, int]:
        return {name: self.asked[name] for name in FILTERS if name in self.asked}

    @cached_property
    def waiting(self) -> QuerySet[Video]:
        chosen = {FILTERS[name]: value for name, value in self.filters.items()}
        rows = self.rows.awaiting_decision().exclude(file="").filter(**chosen)
        return _with_remix(rows.order_by("pk"))

    @cached_property
    def video(self) -> Video | None:
        """The one to decide about: what was asked for, whatever its state, else the next one."""
        if pk := self.asked.get("video"):
            found = _with_remix(self.rows.filter(pk=pk)).first()
            if not (found and self._may_view(found)):
                raise Http404
            return found
        after = self.asked.get("after", 0)
        while (found := self.waiting.filter(pk__gt=after).first()) and not self._may_view(found):
            after = found.pk
        return found

    def _may_view(self, video: Video) -> bool:
        return self.model_admin.has_view_permission(self.request, video)

    @cached_property
    def many(self) -> int:
        return self.waiting.count()

    @cached_property
    def position(self) -> int:
        """Which of the waiting ones it is; 0 if it is none of them."""
        if not self.video or self.video.approval != Approval.NEW:
            return 0
        return self.waiting.filter(pk__lte=self.video.pk).count()

    @property
    def skip_url(self) -> str:
        return self.links.review_url(after=self.video.pk, **self.filters) if self.video else ""

    @property
    def back_url(self) -> str:
        """Return the way to the one before, among those that are new still."""
        here = self.video.pk if self.video else self.asked.get("after", 0) + 1
        before = self.waiting.filter(pk__lt=here).order_by("-pk").values_list("pk", flat=True)
        return self.links.review_url(video=before[0], **self.filters) if before[:1] else ""

    @property
    def first_url(self) -> str:
        return self.links.review_url(**self.filters)

    @property
    def undo_url(self) -> str:
        decided = self.asked.get("decided")
        return self.links.review_url(video=decided, **self.filters) if decided else ""


@require_http_methods(["GET", "HEAD", "POST"])
def review(request: HttpRequest, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Show a video with all that it takes to decide about it; decide, and go to the next one."""
    require(model_admin, request, APPROVE)
    queue = Queue(_asked(request), model_admin, request)
    if request.method == "POST":
        return _decide(request, queue, model_admin)
    context = {
        "title": gettext("Review videos"),
        "queue": queue,
        "batch": _batch(queue),
        "all_url": queue.links.review_url(),
        **(_shown(queue.video, queue) if queue.video else {}),
    }
    scripts = (*SCRIPTS, "sora_remix/shortcuts.js", "sora_remix/review.js")
    return render_page(request, model_admin, "review.html", context, scripts=scripts)


def _decide(request: HttpRequest, queue: Queue, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Decide about the video as it was shown; what somebody else decided meanwhile is told."""
    decision = DECISIONS.get(request.POST.get("decision", ""))
    if decision not in (APPROVAL, REJECTION) or not queue.video:
        raise Http404
    video, shown = queue.video, request.POST.get("shown", "")
    if refusal := decide(model_admin, request, decision, video, note_of(request), shown):
        messages.warning(request, _about(video, refusal, queue))
        is_new = video.approval == Approval.NEW
        changed = queue.links.review_url(video=video.pk, **queue.filters)
        return HttpResponseRedirect(changed if is_new else queue.skip_url)
    said = gettext("approved") if decision is APPROVAL else gettext("rejected")
    messages.success(request, _about(video, said, queue))
    return HttpResponseRedirect(
        queue.links.review_url(after=video.pk, decided=video.pk, **queue.filters)
    )


def _about(video: Video, said: str, queue: Queue) -> SafeString:
    """Name a video, and lead back to it: a key is soon hit by mistake."""
    link = linked(queue.links.review_url(video=video.pk, **queue.filters), video.title)
    return format_html("{}: {}", link, said)


def _asked(request: HttpRequest) -> dict[str, int]:
    """Read the numbers in the address; raise Http404 for what is none."""
    names = ("video", "after", "decided", *FILTERS)
    asked = {}
    for name in (one for one in names if one in request.GET):
        if (pk := key(request.GET[name])) is None:
            raise Http404
        asked[name] = pk
    return asked


def _with_remix(videos: QuerySet[Video]) -> QuerySet[Video]:
    people = ("remix__requested_by", "decided_by")
    return videos.select_related("remix__source").prefetch_related(*people)


def _batch(queue: Queue) -> RemixBatch | None:
    pk = queue.filters.get("batch")
    if not pk:
        return None
    return rows(queue.model_admin.admin_site, queue.request, RemixBatch).filter(pk=pk).first()


def _shown(video: Video, queue: Queue) -> dict[str, object]:
    """Return what is shown of a video: prompts and costs only to who may see its remix."""
    remix: Remix | None = getattr(video, "remix", None)
    links = queue.links
    site = queue.model_admin.admin_site
    is_told = bool(told_results(site, queue.request, [video]))
    sees_source = remix is not None and bool(
        row_or_none(site, queue.request, Video, remix.source_id)
    )
    facts: list[tuple[object, object]] = []
    if remix and (is_told or sees_source):
        facts.append((_("Source"), html.titled(remix.source, links)))
    if remix and is_told:
        facts += [
            (_("Prompt"), text.shortened(remix.prompt)),
            (_("Endpoint"), text.endpoint_name(remix)),
            (_("Cost"), money.cost(remix)),
            (_("Requested by"), remix.requested_by or "-"),
        ]
    if video.decided_at:
        facts.append((_("Decided"), text.decided(video)))
    return {
        "video": video,
        "title_link": links.change_link(video, video.title),
        "player": html.player(video, links),
        "approval": html.approval(video),
        "facts": facts,
        "note": video.approval_note,
        "note_length": NOTE_LENGTH,
        "decisions": [one for one in (APPROVAL, REJECTION) if not video.cleared_at],
        "compare_url": links.compare_url(remix.source, video) if remix and sees_source else "",
    }
