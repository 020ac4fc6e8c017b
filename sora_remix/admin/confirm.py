"""The page between a selection and its bill."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.forms import Media
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views import View

from .. import services
from ..endpoints import default_endpoint
from ..exceptions import RequestRefused, SoraRemixError
from ..models import Remix, RemixBatch, Video
from .display import STYLESHEET, changelist_url
from .forms import ConfirmForm
from .offer import Offer

PER_PAGE = 100
"""Videos shown at once; the totals are over all."""
TURN = "_page"
"""Name of the buttons that turn pages: they keep what was typed, and confirm nothing."""


class ConfirmView(View):
    """Show what a draft would make and cost; make it when that is confirmed."""

    http_method_names = ["get", "head", "post"]
    site = admin.site

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.has_perm("sora_remix.remix_video"):
            raise PermissionDenied
        self.batch = get_object_or_404(RemixBatch, pk=kwargs["pk"])
        if self.batch.confirmed_at:
            return self._was_confirmed()
        try:
            self.offer = Offer(self.batch.videos.all(), default_endpoint())
        except SoraRemixError as error:
            return self._page({"problem": error.message})
        return super().dispatch(request, *args, **kwargs)

    def get(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._show(ConfirmForm(endpoint=self.offer.endpoint, terms=self.offer.terms))

    def post(self, request: HttpRequest, pk: int) -> HttpResponse:
        form = ConfirmForm(request.POST, endpoint=self.offer.endpoint, terms=self.offer.terms)
        if TURN in request.POST:
            return self._show(form.unchecked())
        if not form.is_valid():
            return self._show(form)
        try:
            remixes = services.confirm(
                self.batch,
                [form.cleaned_data["prompt"]],
                by=request.user,
                endpoint=form.endpoint.key,
                options=form.options(),
            )
        except RequestRefused as refusal:
            form.add_reasons(refusal.reasons)
            return self._show(form)
        return self._confirmed(len(remixes)) if remixes else self._was_confirmed()

    def _confirmed(self, many: int) -> HttpResponse:
        message = ngettext(
            "%(many)d remix is on its way. It goes on without this page.",
            "%(many)d remixes are on their way. They go on without this page.",
            many,
        )
        messages.success(self.request, message % {"many": many})
        return self._to_result()

    def _was_confirmed(self) -> HttpResponse:
        messages.info(self.request, _("This batch was confirmed already: here is what it made."))
        return self._to_result()

    def _to_result(self) -> HttpResponse:
        """Go to the remixes of the batch, or back when this user may not see them."""
        if self.request.user.has_perm("sora_remix.view_remix"):
            return HttpResponseRedirect(changelist_url(Remix, batch__id__exact=self.batch.pk))
        return HttpResponseRedirect(changelist_url(Video))

    def _show(self, form: ConfirmForm) -> HttpResponse:
        paginator = Paginator(self.offer.lines, PER_PAGE)
        page = paginator.get_page(self.request.POST.get(TURN))
        endpoint = self.offer.endpoint
        fieldsets = [(None, {"fields": list(form.fields)})]
        return self._page(
            {
                "offer": self.offer,
                "endpoint": endpoint,
                "is_retired": endpoint.is_retired(timezone.localdate()),
                "form": form,
                "adminform": AdminForm(form, fieldsets, {}),  # type: ignore[arg-type]
                "page": page,
                "accepted": [line for line in page if not line.refusal],
                "refused": [line for line in page if line.refusal],
            }
        )

    def _page(self, context: dict[str, Any]) -> HttpResponse:
        self.request.current_app = self.site.name
        context = {
            **self.site.each_context(self.request),
            "title": _("Remix selected videos"),
            "opts": RemixBatch._meta,
            "media": Media(css={"all": (STYLESHEET,)}),
            "videos_url": changelist_url(Video),
            **context,
        }
        template = "admin/sora_remix/remixbatch/confirm.html"
        return TemplateResponse(self.request, template, context)
