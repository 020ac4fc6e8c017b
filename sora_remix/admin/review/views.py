"""The review page: approve or reject one new video after the other."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views import View

from ...models import Approval, Remix, RemixBatch, Video
from ..checkout.start import can_start_with
from ..formatting import html, money, options, text
from ..links import Links, linked
from ..pages import SCRIPTS, render_page
from ..params import parse_pk
from ..permissions import APPROVE, COSTS, has_perms, require_perms
from ..visibility import find_known_results, get_row_or_none, get_rows
from .decisions import APPROVE_VIDEOS, NOTE_LENGTH, REJECT_VIDEOS, read_note

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.http.response import HttpResponseBase

    from ...models.video import VideoQuerySet

DECISIONS = {action.name: action for action in (APPROVE_VIDEOS, REJECT_VIDEOS)}
FILTERS = {"batch": "remix__batch", "source": "remix__source"}
"""Lookups that narrow the queue, by their names in the URL."""
PARAMETERS = ("video", "after", "decided", *FILTERS)
PEOPLE = ("remix__requested_by", "decided_by")


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URL of the page."""
    view = model_admin.admin_site.admin_view(ReviewView.as_view(model_admin=model_admin))
    return [path("review/", view, name="sora_remix_video_review")]


class ReviewView(View):
    """Show the oldest new video that has a file, accept a decision, and go to the next one."""

    http_method_names = ["get", "head", "post"]
    model_admin: ModelAdmin[Video] = None  # type: ignore[assignment]  # set by as_view()

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_perms(self.model_admin, request, APPROVE)
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest) -> HttpResponse:
        context = {
            "title": gettext("Review videos"),
            "queue": self,
            "batch": self._batch(),
            "all_url": self.links.review_url(),
            **(self._describe(self.video) if self.video else {}),
        }
        scripts = (*SCRIPTS, "sora_remix/shortcuts.js", "sora_remix/review.js")
        return render_page(request, self.model_admin, "review.html", context, scripts=scripts)

    def post(self, request: HttpRequest) -> HttpResponse:
        """Decide about the video as it was shown; report what somebody else decided meanwhile."""
        decision = DECISIONS.get(request.POST.get("decision", ""))
        if not decision or not (video := self.video):
            raise Http404
        seen = {video.pk: request.POST.get("shown", "")}
        [refusal] = decision.run(self.model_admin, request, seen, read_note(request))
        here = self.links.review_url(video=video.pk, **self.filters)
        # The message leads back to the video: a key is soon hit by mistake.
        message, link = "{}: {}", linked(here, video.title)
        if refusal:
            messages.warning(request, format_html(message, link, refusal))
            return HttpResponseRedirect(here if video.approval == Approval.NEW else self.skip_url)
        said = gettext("approved") if decision is APPROVE_VIDEOS else gettext("rejected")
        messages.success(request, format_html(message, link, said))
        after = self.links.review_url(after=video.pk, decided=video.pk, **self.filters)
        return HttpResponseRedirect(after)

    @cached_property
    def links(self) -> Links:
        return Links(self.model_admin.admin_site)

    @cached_property
    def asked(self) -> dict[str, int]:
        """Primary keys in the URL; raise `Http404` for anything else."""
        asked = {}
        for name in (one for one in PARAMETERS if one in self.request.GET):
            if (pk := parse_pk(self.request.GET[name])) is None:
                raise Http404
            asked[name] = pk
        return asked

    @property
    def filters(self) -> dict[str, int]:
        return {name: self.asked[name] for name in FILTERS if name in self.asked}

    @cached_property
    def videos(self) -> QuerySet[Video]:
        """The videos that this user may see."""
        found = self.model_admin.get_queryset(self.request)
        return found.select_related("remix__source").prefetch_related(*PEOPLE)

    @cached_property
    def waiting(self) -> QuerySet[Video]:
        chosen = {FILTERS[name]: value for name, value in self.filters.items()}
        videos = cast("VideoQuerySet", self.videos).awaiting_decision()
        return videos.exclude(file="").filter(**chosen).order_by("pk")

    @cached_property
    def video(self) -> Video | None:
        """The requested video, whatever its state, or else the next one."""
        if pk := self.asked.get("video"):
            found = self.videos.filter(pk=pk).first()
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
    def count(self) -> int:
        return self.waiting.count()

    @cached_property
    def position(self) -> int:
        """Its number among the waiting videos; 0 if it is none of them."""
        if not self.video or self.video.approval != Approval.NEW:
            return 0
        return self.waiting.filter(pk__lte=self.video.pk).count()

    @property
    def skip_url(self) -> str:
        return self.links.review_url(after=self.video.pk, **self.filters) if self.video else ""

    @property
    def back_url(self) -> str:
        """URL of the previous video that still needs a decision."""
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

    def _batch(self) -> RemixBatch | None:
        batches = get_rows(self.model_admin.admin_site, self.request, RemixBatch)
        return batches.filter(pk=self.filters["batch"]).first() if "batch" in self.filters else None

    def _describe(self, video: Video) -> dict[str, object]:
        remix: Remix | None = getattr(video, "remix", None)
        site = self.model_admin.admin_site
        sees_source = remix and get_row_or_none(site, self.request, Video, remix.source_id)
        compare_url = self.links.compare_url(remix.source, video) if remix and sees_source else ""
        return {
            "video": video,
            "title_link": self.links.change_link(video, video.title),
            "player": html.player(video, self.links),
            "approval": html.approval(video),
            "facts": self._facts(video, remix, sees_source=bool(sees_source)),
            "note": video.approval_note,
            "note_length": NOTE_LENGTH,
            "decisions": [] if video.cleared_at else [*DECISIONS.values()],
            "compare_url": compare_url,
            "start_url": self.links.start_url() if self._may_remix(video) else "",
        }

    def _may_remix(self, video: Video) -> bool:
        return can_start_with(self.model_admin.admin_site, self.request, video)

    def _facts(
        self, video: Video, remix: Remix | None, *, sees_source: bool
    ) -> list[tuple[object, object]]:
        """Return what is known of a video; prompts and costs need the right to see its remix."""
        sees_remix = find_known_results(self.model_admin.admin_site, self.request, [video])
        facts: list[tuple[object, object]] = []
        if remix and (sees_remix or sees_source):
            facts.append((_("Source"), html.titled(remix.source, self.links)))
        if remix and sees_remix:
            facts += [
                (_("Prompt"), text.shortened(remix.prompt)),
                (_("Model"), text.endpoint_name(remix)),
                *options.facts(remix),
                *([(_("Cost"), money.cost(remix))] if has_perms(self.request, COSTS) else []),
                (_("Requested by"), remix.requested_by or "-"),
            ]
        if video.decided_at:
            facts.append((_("Decided"), text.decided(video)))
        return facts
