"""The checkout page: it shows the quote of a draft, and confirms it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from ... import services
from ...exceptions import InvalidEndpoint, InvalidTransition, RequestRefused, UnknownEndpoint
from ...models import RemixBatch, Video
from ...requesting import no_collections
from ..budget_check import BudgetCheck, wants_to_exceed
from ..formatting.text import shortened
from ..links import Links
from ..pages import PART_STYLESHEET, render_page
from ..permissions import REMIX, require_perms
from ..visibility import find_model_admin
from .draft import TURN_PAGE, Draft, Selection
from .kept_input import find_input, forget_input
from .prompts import PROMPT
from .quote import Quote

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


PAGE = "_at"
"""Name of the field with the number of the page of videos."""
STYLESHEETS = ("sora_remix/checkout.css", "sora_remix/fitting.css", PART_STYLESHEET)
RESTORED = _(
    "Nothing was sent, because you were no longer logged in. Your input is kept. Check it and "
    "confirm again."
)
UNUSED = _("Nothing was made with this prompt: “%(prompt)s”")


class ConfirmView(View):
    """Show a draft with its quote; request the remixes when it is confirmed."""

    http_method_names = ["get", "head", "post"]
    model_admin: ModelAdmin[RemixBatch] = None  # type: ignore[assignment]  # given to `as_view`

    @no_collections()
    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        require_perms(find_model_admin(self.model_admin.admin_site, Video), request, REMIX)
        rows = self.model_admin.get_queryset(request).prefetch_related(None)
        self.batch = get_object_or_404(rows, pk=kwargs["pk"])
        if self.batch.confirmed_at:
            self._name_unused_prompts()
            return self._was_confirmed()
        try:
            return super().dispatch(request, *args, **kwargs)
        except (UnknownEndpoint, InvalidEndpoint) as error:
            return self._page({"problem": error.message})
        except RequestRefused as refusal:
            return self._page({"problem": str(refusal)})

    @property
    def links(self) -> Links:
        return Links(self.model_admin.admin_site)

    @property
    def _selection(self) -> Selection:
        return Selection.of(self.batch, self.model_admin.admin_site, self.request)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        if kept := find_input(request, pk):
            messages.warning(request, RESTORED)
        return self._show(Draft(self.batch, kept, selection=self._selection))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        forget_input(request)
        draft = Draft(self.batch, request.POST, request.FILES, selection=self._selection)
        draft.clean()
        if draft.has_errors or not draft.is_final:
            return self._show(draft)
        try:
            remixes = services.confirm(
                self.batch,
                draft.prompt_texts,
                by=request.user,
                endpoint=draft.endpoint.key,
                options=draft.options,
                without=draft.grid.without,
                only={video.pk for video in draft.selection.videos},
                fits=draft.fits,
                exceed_budget=wants_to_exceed(request),
            )
        except RequestRefused as refusal:
            draft.add_reasons(refusal.reasons)
            return self._show(draft)
        except InvalidTransition as conflict:
            draft.form.add_error(None, str(conflict))
            return self._show(draft)
        return self._confirmed(len(remixes)) if remixes else self._was_confirmed()

    def _confirmed(self, count: int) -> HttpResponse:
        message = ngettext(
            "%(many)d remix was requested. You can leave this page.",
            "%(many)d remixes were requested. You can leave this page.",
            count,
        )
        messages.success(self.request, message % {"many": count})
        return self._redirect()

    def _was_confirmed(self) -> HttpResponse:
        messages.info(
            self.request, _("This batch was already confirmed. You can see its remixes here.")
        )
        return self._redirect()

    def _name_unused_prompts(self) -> None:
        """Return the prompts of a second tab, which nothing was made with."""
        sent = dict.fromkeys(text.replace("\r\n", "\n").strip() for text in self._sent_prompts)
        if not any(sent):
            return
        used = self.batch.remixes.values_list("prompt", "prompt_template")
        known = {text for pair in used for text in pair}
        for text in filter(None, sent):
            if text not in known:
                shown = shortened(text)
                messages.warning(self.request, UNUSED % {"prompt": shown})

    @property
    def _sent_prompts(self) -> list[str]:
        return self.request.POST.getlist(PROMPT)

    def _redirect(self) -> HttpResponse:
        """Redirect to the grid of the batch, or to the videos for users who can't see it."""
        may_view = self.model_admin.has_view_permission(self.request)
        grid = self.links.change_url(self.batch) if may_view else ""
        return self.links.redirect(grid, self.links.changelist_url(Video))

    def _show(self, draft: Draft) -> HttpResponse:
        sent = self.request.POST
        lines = [*draft.quote.accepted, *draft.left_out.more]
        pages = Paginator(lines, draft.grid.rows_per_page)
        page = pages.get_page(sent.get(TURN_PAGE) or sent.get(PAGE))
        return self._page(
            {
                "title": _title(draft.quote),
                "draft": draft,
                "quote": draft.quote,
                "endpoint": draft.endpoint,
                "budgets": BudgetCheck(self.request, draft.quote.needed),
                "form": draft.form,
                "page": page,
                "rows": draft.grid.rows(line for line in page if not line.refusal),
                "refused": [line for line in page if line.refusal],
            }
        )

    def _page(self, context: dict[str, Any]) -> HttpResponse:
        videos_url = self.links.changelist_url(Video) or self.links.page_url("index")
        context = {"title": _("Remix selected videos"), "videos_url": videos_url, **context}
        return render_page(
            self.request,
            self.model_admin,
            "confirm.html",
            context,
            stylesheets=STYLESHEETS,
        )


def _title(quote: Quote) -> str:
    many = len(quote.accepted) or len(quote.refused)
    message = ngettext("Remix %(many)d video", "Remix %(many)d videos", many)
    return message % {"many": many}
