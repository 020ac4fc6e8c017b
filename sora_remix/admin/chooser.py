"""Choosing a video in the admin of a site's own model, by its picture."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import ForeignKey, Q
from django.http import HttpRequest, JsonResponse
from django.urls import URLPattern
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ..models import Video
from .formatting import html, text
from .links import Links
from .pages import RENEW_SCRIPT, STYLESHEETS, page_path
from .params import parse_pk, read_text
from .visibility import get_rows, sees_model

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite, ModelAdmin

    VideoChoices = forms.ModelChoiceField[Video]
    SiteModelAdmin = ModelAdmin[Any]
else:
    VideoChoices = forms.ModelChoiceField
    SiteModelAdmin = object

PER_PAGE = 20
LONGEST_TERM = 200
MOST_PAGES = 10_000
BOX = (
    '{}<div class="sora-remix-chosen" aria-live="polite">{}</div>'
    '<noscript><p class="help">{}</p></noscript>'
)
STYLESHEET = "sora_remix/chooser.css"
SCRIPTS = (RENEW_SCRIPT, "sora_remix/preview.js", "sora_remix/chooser.js")


class VideoChooser(AutocompleteSelect):
    """Search videos by title, show their pictures, and preview the chosen one.

    It needs the field, and an admin site on which videos are registered.
    """

    def __init__(
        self, field: Any, admin_site: AdminSite, *, approved_only: bool = True, **options: Any
    ) -> None:
        super().__init__(field, admin_site, **options)
        self.approved_only = approved_only

    def get_url(self) -> str:
        """Return the URL at which videos are searched."""
        return Links(self.admin_site).page_url("sora_remix_video_choose")

    def build_attrs(self, base_attrs: Any, extra_attrs: Any = None) -> dict[str, Any]:
        attrs = super().build_attrs(base_attrs, extra_attrs)
        classes = attrs["class"].replace("admin-autocomplete", "sora-remix-chooser").strip()
        return {**attrs, "class": classes, "data-approved": json.dumps(self.approved_only)}

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        """Show the picture of the chosen video below the field."""
        select = super().render(name, value, attrs, renderer)
        needed = gettext("Choosing another video needs JavaScript.")
        return format_html(BOX, select, self._preview(value), needed)

    def _preview(self, value: Any) -> SafeString | str:
        pk = parse_pk(str(value)) if value else None
        video = self.choices.queryset.filter(pk=pk).first() if pk else None
        return _chosen(video, Links(self.admin_site)) if video else ""

    @property
    def media(self) -> forms.Media:
        """Bring Django's autocomplete along, and what shows pictures in it."""
        own = forms.Media(css={"all": (*STYLESHEETS, STYLESHEET)}, js=SCRIPTS)
        return super().media + own


class VideoChoiceField(VideoChoices):
    """Accept approved videos only, by default, and in any case the present one."""

    default_error_messages = {
        "invalid_choice": _("This video is not approved, or no longer exists. Choose another one."),
    }

    def __init__(
        self, queryset: Any = None, *, approved_only: bool = True, among: Any = None, **options: Any
    ) -> None:
        """Accept only rows that are `among` these, which a site may show to one user only."""
        videos = Video.objects.all() if queryset is None else queryset
        super().__init__(videos, **options)
        self.approved_only = approved_only
        self.among = among
        self._present: Any = None

    def get_bound_field(self, form: Any, field_name: str) -> Any:
        """Note the present video: a form must not fail because its approval was withdrawn.

        A new object has none: its initial values may be those of the address of the page.
        """
        instance = getattr(form, "instance", None)
        if instance is None or not instance._state.adding:
            present = form.get_initial_for_field(self, field_name)
            self._present = getattr(present, "pk", present)
        if self.among is not None:
            rows: Any = self.queryset
            visible = Q(pk__in=self.among.order_by().values("pk"))
            self.queryset = rows.filter(visible | Q(pk=self._present))
        return super().get_bound_field(form, field_name)

    def to_python(self, value: Any) -> Any:
        video = super().to_python(value)
        is_present = video is not None and str(video.pk) == str(self._present)
        if video is None or is_present or video.is_approved or not self.approved_only:
            return video
        raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")


class VideoChooserMixin(SiteModelAdmin):
    """Give every foreign key to a video a `VideoChooser`. Put it before `ModelAdmin`.

    It needs videos on the same admin site, and users who may view them; others get Django's field.
    """

    approved_videos_only = True
    """Whether only approved videos can be chosen."""

    def formfield_for_foreignkey(
        self, db_field: Any, request: HttpRequest, **options: Any
    ) -> forms.ModelChoiceField[Any] | None:
        is_video = isinstance(db_field, ForeignKey) and db_field.remote_field.model is Video
        if is_video and "widget" not in options and sees_model(self.admin_site, request, Video):
            only = self.approved_videos_only
            options["widget"] = VideoChooser(db_field, self.admin_site, approved_only=only)
            among = get_rows(self.admin_site, request, Video)
            options |= {"form_class": VideoChoiceField, "approved_only": only, "among": among}
        return super().formfield_for_foreignkey(db_field, request, **options)


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URL at which videos are searched."""
    return [page_path(model_admin, "choose/", choose, "choose")]


@require_safe
def choose(request: HttpRequest, *, model_admin: ModelAdmin[Video]) -> JsonResponse:
    """Answer with a page of videos that match the `term`, as Select2 expects them."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    term = read_text(request.GET, "term", most=LONGEST_TERM)
    videos = model_admin.get_queryset(request).exclude(file="")
    if request.GET.get("approved") != "false":
        videos = videos.approved()  # type: ignore[attr-defined]
    found, has_doubles = model_admin.get_search_results(request, videos, term)
    found = found.distinct() if has_doubles else found
    number = min(parse_pk(request.GET.get("page")) or 1, MOST_PAGES)
    page = Paginator(found.order_by("-pk"), PER_PAGE).get_page(number)
    links = Links(model_admin.admin_site)
    return JsonResponse(
        {
            "results": [_result(video, links) for video in page],
            "pagination": {"more": page.has_next() and number == page.number},
        }
    )


def _result(video: Video, links: Links) -> dict[str, str]:
    """Describe a video for the list of the chooser, and the preview for when it is chosen."""
    return {
        "id": str(video.pk),
        "text": video.title,
        "picture": video.thumbnail.url if video.thumbnail else "",
        "note": _note(video),
        "preview": _chosen(video, links),
    }


def _note(video: Video) -> str:
    state = "" if video.is_approved else video.get_approval_display()
    return " · ".join(filter(None, (text.seconds(video.duration), str(state))))


def _chosen(video: Video, links: Links) -> SafeString:
    """Show a chosen video with a preview, and that visitors don't see it, if they don't."""
    warning = gettext("Visitors don't see it, because it is not approved.")
    return format_html(
        '<span class="sora-remix-beside">{} <span>{} <span class="quiet">{}</span>{}</span></span>',
        html.thumbnail(video, links, video.title),
        video.title,
        _note(video),
        "" if video.is_approved else format_html("<br>{}", warning),
    )
