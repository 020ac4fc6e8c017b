"""The chooser of videos: pictures, search and uploads in Wagtail's modal window."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.generic.base import View
from wagtail.admin.forms.choosers import BaseFilterForm
from wagtail.admin.views.generic import chooser as generic
from wagtail.admin.viewsets.chooser import ChooserViewSet

from ...admin.chooser import LONGEST_TERM
from ...admin.files.adding import add_file
from ...admin.params import parse_pk
from ...database import own_transactions
from ...models import Video
from .cards import PictureCard
from .django_admin import DjangoAdminMixin
from .uploading import ChooserUploadForm
from .widgets import VideoChooserAdapter, VideoChooserWidget, shown_choice


class TitleSearchForm(BaseFilterForm):
    """Search for words in titles."""

    q = forms.CharField(
        label=_("Search term"),
        max_length=LONGEST_TERM,
        required=False,
        widget=forms.TextInput({"placeholder": _("Search")}),
    )

    def filter(self, objects: QuerySet[Video]) -> QuerySet[Video]:
        """Keep the videos whose title has every word."""
        if query := self.cleaned_data["q"].strip():
            self.is_searching, self.search_query = True, query
            objects = objects.filter(*(Q(title__icontains=word) for word in query.split()))
        return objects


class UploadMixin(DjangoAdminMixin):
    """Offer uploads to users who may add videos."""

    def can_create(self) -> bool:
        return self.django_admin.may_add


class ChoicesMixin(UploadMixin):
    """Offer videos that pages may show."""

    chosen_url_name: str
    append_preserved_url_parameters: Callable[[str], str]
    filter_form_class = TitleSearchForm
    results_template_name = "sora_remix_wagtail/chooser_results.html"

    def get_object_list(self) -> QuerySet[Video]:
        return self.django_admin.choosable_videos()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context: dict[str, Any] = super().get_context_data(**kwargs)  # type: ignore[misc]
        return {**context, "cards": [self._card(video) for video in context["results"]]}

    def _card(self, video: Video) -> PictureCard:
        url = reverse(self.chosen_url_name, args=[video.pk])
        return PictureCard(video, self.append_preserved_url_parameters(url))


class VideoChooseView(ChoicesMixin, generic.ChooseView):
    """Show the window."""


class VideoChooseResultsView(ChoicesMixin, generic.ChooseResultsView):
    """Show another page of it, or what a search finds."""


class ResponseMixin(generic.ChosenResponseMixin):
    """Answer with what the field shows of a video."""

    def get_chosen_response_data(self, item: Video) -> dict[str, Any]:
        return {**super().get_chosen_response_data(item), **shown_choice(item)}


class VideoChosenView(DjangoAdminMixin, generic.ChosenViewMixin, ResponseMixin, View):
    """Choose a video."""

    def get_object(self, pk: str) -> Video:
        if (number := parse_pk(pk)) is None:
            raise Http404
        return self.django_admin.choosable_videos().get(pk=number)


class VideoChosenMultipleView(
    DjangoAdminMixin, generic.ChosenMultipleViewMixin, ResponseMixin, View
):
    """Choose several videos."""

    def get_objects(self, pks: Iterable[str]) -> QuerySet[Video]:
        numbers = [number for pk in pks if (number := parse_pk(pk)) is not None]
        return self.django_admin.choosable_videos().filter(pk__in=numbers)


class VideoCreateView(
    UploadMixin, generic.CreateViewMixin, generic.CreationFormMixin, ResponseMixin, View
):
    """Upload a video and choose it, also if it still needs approval."""

    def post(self, request: HttpRequest) -> HttpResponseBase:
        self.form = self.get_creation_form()
        if self.form.is_valid() and (video := self._add(**self.form.cleaned_data)):
            response: HttpResponseBase = self.get_chosen_response(video)
        else:
            response = self.get_reshow_creation_form_response()
        return response

    def _add(self, *, title: str, file: Any, upload_key: Any) -> Video | None:
        """Add a video as an upload in the Django admin does; note what is wrong with its file."""
        if (video_admin := self.django_admin.video_admin) is None:
            raise PermissionDenied
        added = add_file(video_admin, self.request, file, title=title, key=str(upload_key))
        for error in added.errors:
            self.form.add_error("file", error)
        return added.video


class VideoChooserViewSet(ChooserViewSet):
    """Registers the chooser, and with it the field for each foreign key to a video."""

    model = Video
    icon = "media"
    choose_one_text = _("Choose a video")
    choose_another_text = _("Choose another video")
    edit_item_text = _("Show this video")
    per_page = 20
    create_action_label = _("Upload")
    create_action_clicked_label = _("Uploading…")
    creation_form_class = ChooserUploadForm
    choose_view_class = VideoChooseView
    choose_results_view_class = VideoChooseResultsView
    chosen_view_class = VideoChosenView
    chosen_multiple_view_class = VideoChosenMultipleView
    create_view_class = VideoCreateView
    base_widget_class = VideoChooserWidget
    widget_telepath_adapter_class = VideoChooserAdapter

    @property
    def create_view(self) -> Callable[..., HttpResponseBase]:
        """Store files outside of the transaction of a request."""
        view: Callable[..., HttpResponseBase] = own_transactions(super().create_view)
        return view


video_chooser = VideoChooserViewSet("sora_remix_chooser", url_prefix="sora-remix/chooser")
