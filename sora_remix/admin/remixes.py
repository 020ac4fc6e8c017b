"""Remixes: what was ordered, how far it is, what came of it and what it cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..endpoints import get_endpoint
from ..exceptions import SoraRemixError
from ..models import Remix
from . import display, words
from .filters import BatchFilter, EndpointFilter, SourceFilter

if TYPE_CHECKING:
    RemixModelAdmin = admin.ModelAdmin[Remix]
else:
    RemixModelAdmin = admin.ModelAdmin

PROMPT_SHOWN = 60
EXPLANATION_SHOWN = 240


@admin.register(Remix)
class RemixAdmin(RemixModelAdmin):
    """Show records of what was paid: nobody adds, changes or deletes them by hand."""

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
    list_filter = ("status", EndpointFilter, BatchFilter, SourceFilter)
    list_select_related = ("source", "result", "requested_by")
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("prompt", "request_id", "source__title", "result__title")
    actions = None
    fieldsets = (
        (None, {"fields": ("state", "result_video", "player")}),
        (
            _("What was asked for"),
            {"fields": ("source_video", "prompt", "endpoint_name", "options", "retry_of", "batch")},
        ),
        (_("Money"), {"fields": ("cost", "estimate")}),
        (
            _("Who and when"),
            {
                "fields": (
                    "requested_by",
                    "created_at",
                    "submitted_at",
                    "completed_at",
                    "finished_at",
                )
            },
        ),
        (_("For support"), {"fields": ("key", "request_id", "error_code", "error_message")}),
    )

    class Media:
        css = {"all": (display.STYLESHEET,)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Remix | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Remix | None = None) -> bool:
        return False

    @admin.display(description=_("source"), ordering="source__title")
    def source_video(self, remix: Remix) -> SafeString:
        return display.titled(remix.source)

    @admin.display(description=_("result"))
    def result_video(self, remix: Remix) -> SafeString | str:
        if remix.result:
            return display.titled(remix.result)
        return gettext("deleted") if remix.status == Remix.Status.SUCCEEDED else "-"

    @admin.display(description=_("result"))
    def result_link(self, remix: Remix) -> SafeString | str:
        """Show the result's picture alone: its title is the prompt, which stands beside it."""
        if not remix.result:
            return self.result_video(remix)
        return display.change_link(
            remix.result, display.thumbnail(remix.result, remix.result.title)
        )

    @admin.display(description=_("prompt"))
    def short_prompt(self, remix: Remix) -> str:
        return Truncator(remix.prompt).chars(PROMPT_SHOWN)

    @admin.display(description=_("endpoint"), ordering="endpoint")
    def endpoint_name(self, remix: Remix) -> str:
        try:
            return str(get_endpoint(remix.endpoint))
        except SoraRemixError:
            return remix.endpoint

    @admin.display(description=_("status"), ordering="status")
    def state(self, remix: Remix) -> SafeString:
        explanation = Truncator(words.explain(remix)).chars(EXPLANATION_SHOWN)
        return format_html(
            '<span class="sora-remix-status sora-remix-{}">{}</span> <span>{}</span>',
            remix.status,
            remix.get_status_display(),
            explanation,
        )

    @admin.display(description=_("cost"))
    def cost(self, remix: Remix) -> str:
        return words.cost(remix)

    @admin.display(description=_("estimated cost"))
    def estimate(self, remix: Remix) -> str:
        return words.about(remix.estimated_cost)

    @admin.display(description=_("video"))
    def player(self, remix: Remix) -> SafeString | str:
        return display.player(remix.result) if remix.result else "-"
