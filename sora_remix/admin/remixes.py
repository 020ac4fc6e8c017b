"""Admin of remixes: what was requested, its progress, result and cost."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..database import own_transactions
from ..dollars import exact_dollars
from ..models import Remix, RemixBatch, Video
from . import failing_steps
from .actions.buttons import BUTTONS, CANCEL, COLLECT_AGAIN, RETRY, UNCONFIRMED_ACTIONS, get_buttons
from .actions.resume import resume
from .actions.unconfirmed import enter_request_id
from .actions.views import action_path, changelist_action, confirm_for_many, confirm_for_one
from .bases import ModelAdmin
from .compare import views as compare
from .filters import BatchFilter, BillFilter, EndpointFilter, FailingFilter, SourceFilter
from .formatting import clips, html, money, options, outcomes, text
from .history.views import EXCHANGED, Exchange, history_context
from .links import Links
from .notices import views as notices
from .pages import SCRIPTS, STYLESHEETS, page_path
from .params import CheckedParametersMixin
from .permissions import COSTS, EXCHANGE, can_view, has_perms
from .progress import status
from .progress.status import PROGRESS_SCRIPT
from .progress.views import progress
from .querysets import first_pk
from .spend import views as spend
from .visibility import find_model_admin, get_visible_rows

if TYPE_CHECKING:
    RemixModelAdmin = ModelAdmin[Remix]
else:
    RemixModelAdmin = ModelAdmin

PROMPT_SHOWN = 60
REQUEST_FIELDS = (
    "source_video",
    "made_from",
    "prompt",
    "endpoint_name",
    "chosen_options",
    "retry_of",
    "batch",
)
COST_FIELDS = ("exact_cost", "estimate")
COST_COLUMNS = (
    "estimated_cost",
    "price",
    "billable_units",
    "calculated_cost",
    "billed_cost",
    "reserved_cost",
    "counted_cost",
)
PERMISSIONS_OF_COLUMNS = {
    **dict.fromkeys(EXCHANGED, EXCHANGE),
    **dict.fromkeys(COST_COLUMNS, COSTS),
}
"""What a user needs to filter by these columns."""
TIMELINE_FIELDS = (
    "requested_by",
    "created_at",
    "submitted_at",
    "completed_at",
    "finished_at",
    "cancel_requested_at",
)


@admin.register(Remix)
class RemixAdmin(CheckedParametersMixin, RemixModelAdmin):
    """Show records of what was paid for: nobody adds, changes or deletes them by hand."""

    list_display = (
        "__str__",
        "state",
        "result_link",
        "cost",
        "source_video",
        "short_prompt",
        "requested_by",
        "created_at",
        "endpoint_name",
    )
    list_filter = ("status", EndpointFilter, BatchFilter, SourceFilter, FailingFilter, BillFilter)
    list_select_related = ("source", "result", "clip")
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("prompt", "source__title", "result__title")
    actions = ("cancel_selected", "retry_selected", "collect_selected", "compare_selected")
    fieldsets = (
        (None, {"fields": ("state", "result_video", "player")}),
        (_("Request"), {"fields": REQUEST_FIELDS}),
        (_("Costs"), {"fields": COST_FIELDS}),
        (_("Timeline"), {"fields": TIMELINE_FIELDS}),
        (_("Technical details"), {"fields": ("key",)}),
    )

    cancel_selected = changelist_action(CANCEL, "cancel")
    retry_selected = changelist_action(RETRY, "retry")
    collect_selected = changelist_action(COLLECT_AGAIN, "collect")

    class Media:
        css = {"all": (*STYLESHEETS, "sora_remix/lists.css")}
        js = (*SCRIPTS, PROGRESS_SCRIPT)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Remix | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Remix | None = None) -> bool:
        return False

    def has_cancel_permission(self, request: HttpRequest) -> bool:
        return has_perms(request, *CANCEL.permissions)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        return has_perms(request, *RETRY.permissions)

    def has_collect_permission(self, request: HttpRequest) -> bool:
        return has_perms(request, *COLLECT_AGAIN.permissions)

    def get_list_display(self, request: HttpRequest) -> Any:
        """Leave out costs for users who may not see them."""
        columns = super().get_list_display(request)
        return columns if has_perms(request, COSTS) else [one for one in columns if one != "cost"]

    def get_fieldsets(self, request: HttpRequest, obj: Remix | None = None) -> Any:
        """Leave out costs for users who may not see them."""
        fieldsets = super().get_fieldsets(request, obj)
        if has_perms(request, COSTS):
            return fieldsets
        return [one for one in fieldsets if one[1]["fields"] != COST_FIELDS]

    def get_search_fields(self, request: HttpRequest) -> tuple[str, ...]:
        """Search request ids only for users who may see them."""
        return (*self.search_fields, *(("request_id",) if has_perms(request, EXCHANGE) else ()))

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Refuse URL filters on columns that the user has no permission to see."""
        needed = PERMISSIONS_OF_COLUMNS.get(lookup.partition("__")[0])
        if needed and not has_perms(request, needed):
            return False
        return super().lookup_allowed(lookup, value, request)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Remix]:
        retries = Remix.objects.order_by().filter(retry_of=OuterRef("pk"))
        rows = super().get_queryset(request).prefetch_related("requested_by")
        return rows.annotate(_is_retried=first_pk(retries))

    def get_urls(self) -> list[URLPattern]:
        one = [
            action_path(self, action, confirm_for_one, "<sora_remix_key:pk>/")
            for action in BUTTONS + UNCONFIRMED_ACTIONS
        ]
        many = [action_path(self, action, confirm_for_many) for action in BUTTONS]
        view = self.admin_site.admin_view(partial(enter_request_id, model_admin=self))
        name = "sora_remix_remix_request_id"
        told = self.admin_site.admin_view(partial(progress, model_admin=self), cacheable=True)
        return [
            *one,
            *many,
            path("<sora_remix_key:pk>/request-id/", own_transactions(view), name=name),
            page_path(self, "resume/", resume, "resume"),
            path("progress/", told, name="sora_remix_remix_progress"),
            *spend.urls(self),
            *notices.urls(self),
            *super().get_urls(),
        ]

    def changelist_view(
        self, request: HttpRequest, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Keep the progress of the rows up to date while the page is open."""
        links = Links(self.admin_site)
        shown = status.page(links)
        if batch := status.chosen_batch(request):
            shown = status.page_of_batch(links, batch, self.get_queryset(request))
        if batch and shown.get("many"):
            grid = get_visible_rows(self.admin_site, request, RemixBatch).filter(pk=batch)
            shown["grid_url"] = links.change_url(RemixBatch(pk=batch)) if grid.exists() else ""
        spend_url = spend.get_spend_url(self.admin_site, request)
        context = {**(extra_context or {}), "live": shown, "spend_url": spend_url}
        return super().changelist_view(request, context)

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Remix | None = None,
    ) -> HttpResponse:
        """Offer what this user may do to the remix in its present state."""
        links = Links(self.admin_site)
        context["live"] = status.page(links)
        context["compare_url"] = compare.with_source(obj, links)
        context["paid_twice"] = outcomes.paid_twice(obj) if obj else ""
        context["unexpected_bill"] = outcomes.unexpected_bill(obj) if obj else ""
        context |= (
            get_buttons(request, obj, links) | failing_steps.describe_failure(request, obj)
            if obj
            else {}
        )
        if obj and can_view(find_model_admin(self.admin_site, Video), request):
            context["tree_url"] = links.tree_url(obj.result or obj.source)
        context["exchange"] = Exchange(obj) if obj and has_perms(request, EXCHANGE) else None
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show what people, workers and code did to a remix."""
        response = super().history_view(request, object_id, extra_context)
        if isinstance(response, TemplateResponse):
            context = response.context_data or {}
            context |= history_context(self, request, context["object"])
        return response

    @admin.action(permissions=["view"], description=_("Compare results of selected remixes"))
    def compare_selected(
        self, request: HttpRequest, queryset: QuerySet[Remix]
    ) -> HttpResponse | None:
        """Show two results side by side, or one and its source."""
        url = compare.choose(request, queryset.order_by("pk")[:3], Links(self.admin_site))
        return HttpResponseRedirect(url) if url else None

    @admin.display(description=_("source"), ordering="source__title")
    def source_video(self, remix: Remix) -> SafeString:
        return html.titled(remix.source, Links(self.admin_site))

    @admin.display(description=_("made from"))
    def made_from(self, remix: Remix) -> str:
        return clips.made_from(remix) or gettext("the whole video, as it is")

    @admin.display(description=_("result"))
    def result_video(self, remix: Remix) -> SafeString | str:
        if remix.result:
            return html.titled(remix.result, Links(self.admin_site))
        return gettext("deleted") if remix.status == Remix.Status.SUCCEEDED else "-"

    @admin.display(description=_("result"))
    def result_link(self, remix: Remix) -> SafeString | str:
        """Show only the picture: source and prompt, its title, have columns of their own."""
        if not remix.result:
            return self.result_video(remix)
        links = Links(self.admin_site)
        picture = html.thumbnail(remix.result, links, remix.result.title)
        link = links.change_link(remix.result, picture)
        return format_html("{} {}", link, html.decided(remix.result))

    @admin.display(description=_("prompt"))
    def short_prompt(self, remix: Remix) -> str:
        return Truncator(remix.prompt).chars(PROMPT_SHOWN)

    @admin.display(description=_("model"), ordering="endpoint")
    def endpoint_name(self, remix: Remix) -> str:
        return text.endpoint_name(remix)

    @admin.display(description=_("options"))
    def chosen_options(self, remix: Remix) -> str:
        return options.in_words(remix)

    @admin.display(description=_("status"), ordering="status")
    def state(self, remix: Remix) -> SafeString:
        return status.state(remix)

    @admin.display(description=_("cost"))
    def cost(self, remix: Remix) -> str:
        return money.cost(remix)

    @admin.display(description=_("estimated cost"))
    def estimate(self, remix: Remix) -> str:
        return money.about(remix.estimated_cost, exact_dollars)

    @admin.display(description=_("cost"))
    def exact_cost(self, remix: Remix) -> str:
        return money.cost(remix, exact_dollars)

    @admin.display(description=_("video"))
    def player(self, remix: Remix) -> SafeString | str:
        return html.player(remix.result, Links(self.admin_site)) if remix.result else "-"
