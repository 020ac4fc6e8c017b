"""Admin of batches: selections of videos, and whether they were confirmed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ..database import own_transactions
from ..models import Remix, RemixBatch, Video
from .bases import ModelAdmin
from .checkout.kept_input import keep_input
from .checkout.views import ConfirmView
from .filters import StateFilter
from .links import Links, linked
from .notices import views as notices
from .pages import SCRIPTS, STYLESHEETS
from .params import CheckedParametersMixin
from .permissions import REMIX, can_view, exclude_drafts_of_others
from .progress.status import OVER, PROGRESS_SCRIPT, bar
from .querysets import count_of
from .results.views import CellsView, get_grid_context
from .visibility import find_model_admin

if TYPE_CHECKING:
    BatchModelAdmin = ModelAdmin[RemixBatch]
else:
    BatchModelAdmin = ModelAdmin

FACTS = ("state", "video_count", "remix_count", "created_by", "created_at", "confirmed_at")


@admin.register(RemixBatch)
class RemixBatchAdmin(CheckedParametersMixin, BatchModelAdmin):
    list_display = (
        "__str__",
        "state",
        "video_count",
        "remix_count",
        "progress",
        "created_by",
        "created_at",
    )
    list_filter = (StateFilter,)
    list_per_page = 100
    show_full_result_count = False
    search_fields = ("name",)
    actions = None
    fields = ("name", *FACTS)
    readonly_fields = FACTS

    class Media:
        css = {"all": (*STYLESHEETS, "sora_remix/lists.css", "sora_remix/grid.css")}
        js = (*SCRIPTS, PROGRESS_SCRIPT, "sora_remix/grid.js")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: RemixBatch | None = None) -> bool:
        """Let people name batches of their own, and with Django's permission those of others."""
        if not self.has_view_permission(request, obj):
            return False
        creator = obj.created_by_id if obj else None
        is_own = creator is not None and creator == request.user.pk
        return is_own or super().has_change_permission(request, obj)

    def has_view_permission(self, request: HttpRequest, obj: RemixBatch | None = None) -> bool:
        """Show batches to users who may see remixes."""
        return can_view(find_model_admin(self.admin_site, Remix), request)

    def has_delete_permission(self, request: HttpRequest, obj: RemixBatch | None = None) -> bool:
        """Let users who may confirm a draft discard it."""
        if obj and obj.confirmed_at:
            return False
        return can_view(find_model_admin(self.admin_site, Video), request, REMIX)

    def save_model(
        self, request: HttpRequest, obj: RemixBatch, form: ModelForm[RemixBatch], change: bool
    ) -> None:
        """Save only the name: others may have confirmed the draft since it was read."""
        RemixBatch.objects.filter(pk=obj.pk).update(name=obj.name)

    def delete_model(self, request: HttpRequest, obj: RemixBatch) -> None:
        """Delete a draft, unless somebody has confirmed it since the page was opened."""
        if not RemixBatch.objects.filter(pk=obj.pk).delete_drafts():
            raise PermissionDenied

    def get_queryset(self, request: HttpRequest) -> QuerySet[RemixBatch]:
        return (
            exclude_drafts_of_others(request, super().get_queryset(request))
            .prefetch_related("created_by")
            .annotate(
                _videos=count_of(RemixBatch.videos.through, "remixbatch"),
                _remixes=count_of(Remix, "batch"),
                _over=count_of(Remix, "batch", Q(status__in=OVER)),
            )
        )

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(ConfirmView.as_view(model_admin=self))
        view = own_transactions(keep_input(self.admin_site, page))
        confirm = path("<sora_remix_key:pk>/confirm/", view, name="sora_remix_remixbatch_confirm")
        acting = self.admin_site.admin_view(CellsView.as_view(model_admin=self))
        cells = path("<sora_remix_key:pk>/cells/", acting, name="sora_remix_remixbatch_cells")
        return [confirm, cells, *notices.urls(self), *super().get_urls()]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: RemixBatch | None = None,
    ) -> HttpResponse:
        """Show the results of a confirmed batch."""
        context |= get_grid_context(request, self, obj) if obj else {}
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("videos"))
    def video_count(self, batch: Any) -> int:
        return int(batch._videos)

    @admin.display(description=_("remixes"))
    def remix_count(self, batch: Any) -> SafeString | str:
        many = str(batch._remixes)
        return self._to_remixes(batch, many) if batch._remixes else many

    @admin.display(description=_("progress"))
    def progress(self, batch: Any) -> SafeString | str:
        return bar(batch._over, batch._remixes) if batch._remixes else "-"

    @admin.display(description=_("state"), ordering="confirmed_at")
    def state(self, batch: RemixBatch) -> SafeString:
        if batch.confirmed_at:
            return self._to_remixes(batch, gettext("confirmed"))
        url = Links(self.admin_site).confirm_url(batch)
        return linked(url, gettext("draft: check and confirm"))

    def _to_remixes(self, batch: RemixBatch, text: str) -> SafeString:
        return Links(self.admin_site).changelist_link(text, Remix, batch__id__exact=batch.pk)
