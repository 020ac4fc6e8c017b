"""Adding the videos of wagtailmedia, which keeps their files. Needs it to be imported."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from wagtail.admin.views.generic.base import BaseListingView
from wagtailmedia import get_permission_policy

from ... import importing
from ...admin.params import parse_pk
from ...admin.remixable import warn_of_refusals
from ...exceptions import StorageUnavailable, VideoRefused
from .listing import MEDIA, ViewableMixin
from .video_pages import LIST

BOX = "medium"
FIELDS = ("file", "title")


class MediaImportView(ViewableMixin, BaseListingView):
    """List the videos of wagtailmedia that this user may change, and add the selected ones."""

    page_title = _("Import from Media")
    results_template_name = "sora_remix_wagtail/media_results.html"
    is_searchable = True
    search_backend_name = None
    search_fields = ("title",)
    paginate_by = 48

    def setup(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().setup(request, *args, **kwargs)
        if not self.django_admin.may_add:
            raise PermissionDenied

    def get_base_queryset(self) -> QuerySet[Any]:
        """Return what wagtailmedia's own list and chooser would show."""
        policy = get_permission_policy()
        seen = policy.instances_user_has_any_permission_for(self.request.user, ("change", "delete"))
        videos: QuerySet[Any] = seen.filter(type="video").exclude(file="")
        return videos.select_related("collection").order_by("-created_at", "-pk")

    def get_breadcrumbs_items(self) -> list[dict[str, Any]]:
        home, own = super().get_breadcrumbs_items()
        return [home, {"url": reverse(LIST), "label": _("Videos")}, own]

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)
        context["media"] += MEDIA
        return {**context, "box": BOX, "rows": _rows(context["object_list"])}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Add the selected videos, each once."""
        pks = [pk for value in request.POST.getlist(BOX) if (pk := parse_pk(value))]
        chosen = self.get_base_queryset().filter(pk__in=pks[: self.paginate_by])
        try:
            self._import(chosen)
        except StorageUnavailable as error:
            messages.error(request, str(error))
        return HttpResponseRedirect(reverse(LIST))

    def _import(self, chosen: QuerySet[Any]) -> None:
        refused: list[VideoRefused] = []
        files = importing.files_of(chosen, *FIELDS, refused)
        outcomes = list(importing.import_files(files, by=self.request.user))
        refused += [refusal for outcome in outcomes for refusal in outcome.refused]
        warn_of_refusals(self.request, refused)
        _say_how_many(self.request, sum(len(outcome.added) for outcome in outcomes))


def _rows(media: Iterable[Any]) -> list[tuple[Any, bool]]:
    """Return each of these with whether its video was added before."""
    files = list(importing.files_of(media, *FIELDS, []))
    known = importing.find_known(files)
    added = {new.source_object for new in files if new.key in known}
    return [(medium, medium in added) for medium in media]


def _say_how_many(request: HttpRequest, added: int) -> None:
    message = ngettext(
        "%(many)d video was imported. Its picture and length appear in a minute.",
        "%(many)d videos were imported. Their pictures and lengths appear in a minute.",
        added,
    )
    if added:
        messages.success(request, message % {"many": added})
    else:
        messages.warning(request, _("No video was imported."))
