"""Admin of videos: upload and register them, and select which to remix."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any, cast

from django.contrib import admin, messages
from django.contrib.admin.models import LogEntry
from django.contrib.admin.views.main import ChangeList
from django.db.models import OuterRef, QuerySet, Value
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.template.response import TemplateResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from ..endpoints import cut_off_refusal
from ..media import VideoFacts
from ..models import Remix, RemixBatch, Video, deleted_unless_saved
from . import chooser
from .actions.views import changelist_action
from .bases import ModelAdmin, ValidatedAgainMixin
from .checkout import start
from .checkout.endpoints import note_retired_endpoints, why_not_remixable
from .checkout.parts import PartFields
from .compare import views as compare
from .files import captions, upload_views
from .files import views as files
from .files.forms import VideoForm
from .files.uploads import lock_video
from .filters import ApprovalFilter, OriginFilter, RemixableFilter
from .formatting import html, text
from .gallery import layout
from .gallery.changelist import Gallery
from .links import Links, linked
from .notices import views as notices
from .pages import PART_SCRIPT, PART_STYLESHEET, SCRIPTS, STYLESHEETS, is_too_many
from .params import CheckedParametersMixin
from .permissions import APPROVE, can_start_draft, has_perms
from .querysets import count_of, first_pk
from .review import decisions
from .review import views as review
from .tree import views as tree
from .visibility import get_row_or_none, sees_model

if TYPE_CHECKING:
    from ..models.video import VideoQuerySet

    VideoModelAdmin = ModelAdmin[Video]
    VideoList = ChangeList
else:
    VideoModelAdmin = ModelAdmin
    VideoList = object

CAPTIONS = (_("Captions"), {"fields": ("captions", "captions_language")})
PAGES = (chooser, compare, decisions, files, layout, notices, review, start, tree, upload_views)
"""Modules with pages of their own beside the list and the form."""
ADD_FIELDSETS = (
    (None, {"fields": ("title",)}),
    (_("Upload a clip"), {"fields": ("file",)}),
    (_("Or register a Sora generation"), {"fields": ("sora_id", "duration")}),
    CAPTIONS,
)
SAVE_AND_REMIX = "_saveandremix"
FROM_FILE = (*(field.name for field in fields(VideoFacts)), "thumbnail")
"""Columns that are read from an upload."""
MOST_COUNTED = 500
"""New videos that the list counts: counting all of them would take longer, the more there are."""
HISTORY = ("origin", "prompt", "remixes_made", "created_by", "created_at")
CHANGE_FIELDSETS = (
    (None, {"fields": ("title", "player", "decision", "file", "facts", "duration")}),
    CAPTIONS,
    (_("At the provider"), {"fields": ("sora_id", "is_deleted_at_provider", "can_be_remixed")}),
    (_("History"), {"fields": HISTORY}),
)


class SourcesMixin(VideoList):
    """Note on each result what this user may view: its source as a row, and remixes at all."""

    def get_queryset(self, request: HttpRequest, *args: Any, **kwargs: Any) -> QuerySet[Video]:
        # `OuterRef("remix__source_id")` would join all remixes to the count of the list.
        sources = self.root_queryset.order_by().filter(remixes__result=OuterRef("pk"))
        rows: QuerySet[Video] = super().get_queryset(request, *args, **kwargs)
        sees_remixes = Value(sees_model(self.model_admin.admin_site, request, Remix))
        return rows.annotate(_sees_source=first_pk(sources), _sees_remixes=sees_remixes)


@admin.register(Video)
class VideoAdmin(CheckedParametersMixin, ValidatedAgainMixin, VideoModelAdmin):
    form = VideoForm
    list_display = (
        "picture",
        "title",
        "approval_state",
        "length",
        "origin",
        "remix_count",
        "can_be_remixed",
        "created_at",
    )
    list_display_links = ("title",)
    list_filter = (ApprovalFilter, OriginFilter, RemixableFilter)
    list_select_related = ("remix__source",)
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("title", "sora_id")
    actions = (
        "remix_selected",
        "compare_selected",
        "approve_selected",
        "reject_selected",
        "clear_selected",
    )
    readonly_fields = ("decision", "player", "facts", "can_be_remixed", *HISTORY)

    approve_selected = changelist_action(decisions.APPROVE_VIDEOS, "approve")
    reject_selected = changelist_action(decisions.REJECT_VIDEOS, "approve")
    clear_selected = changelist_action(decisions.CLEAR_FILES, "clear")

    class Media:
        css = {
            "all": (
                *STYLESHEETS,
                "sora_remix/gallery.css",
                upload_views.UPLOAD_STYLESHEET,
                PART_STYLESHEET,
            )
        }
        js = (*SCRIPTS, upload_views.UPLOAD_SCRIPT, PART_SCRIPT)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Video]:
        return super().get_queryset(request).annotate(_remixes=count_of(Remix, "source"))

    def get_urls(self) -> list[URLPattern]:
        own = (urls for module in PAGES for urls in module.urls(self))
        return [*own, *super().get_urls()]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        """Extend the changelist that a host or a theme has chosen."""
        return type("VideoList", (SourcesMixin, super().get_changelist(request, **kwargs)), {})

    def get_fieldsets(self, request: HttpRequest, obj: Video | None = None) -> Any:
        return CHANGE_FIELDSETS if obj else ADD_FIELDSETS

    def get_readonly_fields(self, request: HttpRequest, obj: Video | None = None) -> Any:
        """Keep an existing file: another one in its place would leave it an orphan."""
        if obj and obj.cleared_at:
            return (*self.readonly_fields, "file", "captions", "captions_language")
        if not obj or not obj.file:
            return self.readonly_fields
        fixed = ("file", "duration") if obj.duration else ("file",)
        return (*self.readonly_fields, *fixed)

    def save_model(
        self, request: HttpRequest, obj: Video, form: ModelForm[Video], change: bool
    ) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        elif not {"file", "captions"}.isdisjoint(form.changed_data):
            before = lock_video(obj)
            if "captions" in form.changed_data:
                captions.delete_replaced(before)
        with deleted_unless_saved(obj):
            # Nothing else: others may have decided about it, or cleared it, since it was read.
            obj.save(update_fields=_written(form) if change else None)
        if not change and has_perms(request, APPROVE):
            obj.approve(by=request.user)
        if change:
            decisions.reset_approval(self, request, obj, form.changed_data)

    def log_addition(self, request: HttpRequest, obj: Video, message: Any) -> LogEntry:
        """Log that a video was approved by adding it."""
        entry = super().log_addition(request, obj, message)
        if obj.is_approved:
            self.log_change(request, obj, str(decisions.APPROVE_VIDEOS.label))
        return entry

    def response_add(
        self, request: HttpRequest, obj: Video, post_url_continue: str | None = None
    ) -> HttpResponse:
        """Remix the new video if *Save and remix* was pressed; stay there if no model takes it."""
        if SAVE_AND_REMIX not in request.POST or not self._may_remix_new(request):
            return super().response_add(request, obj, post_url_continue)
        links = Links(self.admin_site)
        if reason := why_not_remixable(obj):
            message = gettext("“%(title)s” was saved. It can't be remixed: %(reason)s")
            messages.warning(request, message % {"title": obj.title, "reason": reason})
            may_view = self.has_view_permission(request, obj)
            return links.redirect(links.change_url(obj) if may_view else "")
        batch = RemixBatch.objects.start([obj.pk], by=request.user)
        return HttpResponseRedirect(links.confirm_url(batch))

    def _may_remix_new(self, request: HttpRequest) -> bool:
        # The page to confirm is closed to users who may not view videos.
        return self.has_view_permission(request) and can_start_draft(self.admin_site, request)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Offer to remix it, and link to the comparison with its source and to its tree."""
        links = Links(self.admin_site)
        if add and self._may_remix_new(request):
            context["save_and_remix"] = SAVE_AND_REMIX
        if obj:
            obj.may_decide = has_perms(request, APPROVE)
            obj._sees_remixes = sees_model(self.admin_site, request, Remix)
            may_remix = can_start_draft(self.admin_site, request) and not why_not_remixable(obj)
            context["start_url"] = links.start_url() if may_remix else ""
            context |= {"part": PartFields(obj, ("", ""), None), "links": links}
        if remix := getattr(obj, "remix", None):
            source = get_row_or_none(self.admin_site, request, Video, remix.source_id)
            obj._sees_source = source is not None
            context["compare_url"] = compare.with_source(remix, links) if source else ""
        if obj and (obj._remixes or hasattr(obj, "remix")):
            context["tree_url"] = links.tree_url(obj)
        return super().render_change_form(request, context, add, change, form_url, obj)

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Have the page name the remixes that prevent deletion, not a missing permission."""
        deleted, counts, lacking, protected = super().get_deleted_objects(objs, request)
        return deleted, counts, set() if protected else lacking, protected

    def has_remix_permission(self, request: HttpRequest) -> bool:
        return can_start_draft(self.admin_site, request)

    def has_approve_permission(self, request: HttpRequest) -> bool:
        return has_perms(request, APPROVE)

    def has_clear_permission(self, request: HttpRequest) -> bool:
        return has_perms(request, *decisions.CLEAR_FILES.permissions)

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the results as this user prefers, the form for uploads, and a link to the review."""
        shown = upload_views.upload_form(self, request)
        if has_perms(request, APPROVE):
            rows = cast("VideoQuerySet", self.get_queryset(request))
            new = rows.order_by().awaiting_decision().exclude(file="").values("pk")
            if waiting := new[: MOST_COUNTED + 1].count():
                shown |= {
                    "review_url": Links(self.admin_site).review_url(),
                    "waiting": min(waiting, MOST_COUNTED),
                    "has_more_waiting": waiting > MOST_COUNTED,
                }
        response = super().changelist_view(request, {**shown, **(extra_context or {})})
        context = response.context_data if isinstance(response, TemplateResponse) else None
        if cl := (context or {}).get("cl"):
            note_retired_endpoints(cl.result_list)
            cl.gallery = Gallery(self, request, cl)
        return response

    @admin.action(permissions=["remix"], description=_("Remix selected videos"))
    def remix_selected(
        self, request: HttpRequest, queryset: QuerySet[Video]
    ) -> HttpResponse | None:
        """Save the selection as a draft and show what it would cost."""
        if is_too_many(request, queryset):
            return None
        chosen = queryset.values_list("pk", flat=True)
        batch = RemixBatch.objects.start(chosen, by=request.user)
        return HttpResponseRedirect(Links(self.admin_site).confirm_url(batch))

    @admin.action(permissions=["view"], description=_("Compare selected videos"))
    def compare_selected(
        self, request: HttpRequest, queryset: QuerySet[Video]
    ) -> HttpResponse | None:
        """Show two videos side by side, the older one on the left."""
        videos = list(queryset.order_by("pk")[:3])
        if len(videos) == 2:
            return HttpResponseRedirect(Links(self.admin_site).compare_url(*videos))
        messages.warning(request, _("Select exactly two videos to compare."))
        return None

    @admin.display(description=_("approval"), ordering="approval")
    def approval_state(self, video: Video) -> SafeString:
        return html.approval(video)

    @admin.display(description=_("approval"))
    def decision(self, video: Any) -> SafeString:
        """Show the decision, who made it, when and why, with a link for users who may decide."""
        link: SafeString | str = ""
        if getattr(video, "may_decide", False) and not video.cleared_at:
            url = Links(self.admin_site).review_url(video=video.pk)
            link = linked(url, gettext("Approve or reject"))
        return format_html(
            '{} <span class="quiet">{}</span> {}{}',
            html.approval(video),
            text.decided(video),
            link,
            format_html("<p>{}</p>", video.approval_note) if video.approval_note else "",
        )

    @admin.display(description=_("picture"))
    def picture(self, video: Video) -> SafeString:
        return html.thumbnail(video, Links(self.admin_site))

    @admin.display(description=_("length"), ordering="duration")
    def length(self, video: Video) -> str:
        return text.seconds(video.duration)

    @admin.display(description=_("origin"))
    def origin(self, video: Video) -> SafeString | str:
        return html.origin(video, Links(self.admin_site))

    @admin.display(description=_("prompt"))
    def prompt(self, video: Video) -> str:
        remix = getattr(video, "remix", None)
        return text.shortened(remix.prompt) if remix else "-"

    @admin.display(description=_("remixes"))
    def remix_count(self, video: Any) -> SafeString | str:
        links = Links(self.admin_site)
        many: SafeString | str = str(video._remixes)
        if not video._remixes and not hasattr(video, "remix"):
            return many
        if video._remixes:
            many = html.remixes_of(video, many, links)
        return format_html("{} {}", many, links.tree_link(video))

    @admin.display(description=_("remixes made from it"))
    def remixes_made(self, video: Any) -> SafeString | str:
        many = video._remixes
        if not many:
            return gettext("none")
        text = ngettext("%(many)d remix", "%(many)d remixes", many) % {"many": many}
        return html.remixes_of(video, text, Links(self.admin_site))

    @admin.display(description=_("can be remixed"))
    def can_be_remixed(self, video: Any) -> SafeString:
        return html.yes_or_why_not(why_not_remixable(video))

    @admin.display(description=_("video"))
    def player(self, video: Video) -> SafeString | str:
        return html.player(video, Links(self.admin_site))

    @admin.display(description=_("resolution and size"))
    def facts(self, video: Video) -> str:
        if video.is_unreadable and not video.size:
            return gettext("The file is missing, or is not a readable video.")
        if not video.size:
            return "-"
        size = filesizeformat(video.size)
        if not (video.width and video.height):
            return size
        shape = gettext("%(width)d by %(height)d pixels, %(size)s")
        said = shape % {"width": video.width, "height": video.height, "size": size}
        return f"{said}. {problem}" if (problem := cut_off_refusal(video)) else said


def _written(form: ModelForm[Video]) -> set[str]:
    """Return the columns that a form has changed."""
    return {*form.changed_data, *(FROM_FILE if "file" in form.changed_data else ())}
