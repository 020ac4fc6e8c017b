"""Remixing from the admin of a site's own model, whose files stay the site's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin, messages
from django.contrib.admin.options import IS_POPUP_VAR
from django.contrib.admin.utils import flatten_fieldsets, quote, unquote
from django.core.exceptions import PermissionDenied
from django.db.models import Model, Q, QuerySet
from django.db.models.signals import post_delete
from django.forms import Media
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from .. import engine, importing
from ..exceptions import StorageUnavailable, VideoRefused
from ..models import Remix, RemixBatch, Video, forget_object
from .formatting import html, text
from .links import Links
from .pages import STYLESHEETS, is_too_many
from .permissions import can_start_draft
from .visibility import filter_viewable, find_model_admin, get_visible_rows, sees_model

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

    SiteModelAdmin = admin.ModelAdmin[Any]
else:
    SiteModelAdmin = object

REMIXES = "sora_remixes"
"""The field of the change page that lists the remixes."""
BUTTON = (
    '<p class="sora-remix-tools">'
    '<button type="submit" class="button" formaction="{}" formnovalidate>{}</button></p>'
)
CHANGED = _("Video %(pk)s was left out, because it was cleared or has another file by now.")
MOST_LISTED = 10
MOST_REFUSALS = 5


class RemixActionMixin(SiteModelAdmin):
    """Offer remixes on the list and the change page of a model of your site.

    Put it before `ModelAdmin`. The files that are remixed are added as videos that your site keeps
    owning: once each, and never deleted by the app.
    """

    remix_file_field: ClassVar[str]
    """The name of the `FileField` with the video."""
    remix_title_field: ClassVar[str] = ""
    """The name of the field or method with the title; by default, `str()` of the object."""

    def __init__(self, model: type[Model], admin_site: AdminSite) -> None:
        super().__init__(model, admin_site)
        post_delete.connect(forget_object, sender=model)

    @property
    def media(self) -> Any:
        """Bring the styles of statuses and buttons along."""
        return super().media + Media(css={"all": STYLESHEETS})

    def has_sora_remix_permission(self, request: HttpRequest) -> bool:
        """Tell whether this user may add videos and start a draft with them on this site."""
        videos = find_model_admin(self.admin_site, Video)
        may_add = videos is not None and videos.has_add_permission(request)
        may_view = videos is not None and videos.has_view_permission(request)
        return may_add and may_view and can_start_draft(self.admin_site, request)

    def get_actions(self, request: HttpRequest, action_location: Any = None) -> dict[str, Any]:
        """Offer the action beside those of the site, whatever its `actions` are.

        Since Django 6.1, actions can be on the change page too, where there is a button for this.
        """
        place: tuple[Any, ...] = () if action_location is None else (action_location,)
        actions = super().get_actions(request, *place)
        own = self.get_action("remix_selected", *place)
        if IS_POPUP_VAR in request.GET or not self.has_sora_remix_permission(request) or not own:
            actions.pop("remix_selected", None)
            return actions
        return {**actions, "remix_selected": own}

    @admin.action(permissions=["sora_remix"], description=_("Remix selected"))
    def remix_selected(self, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        """Add the files of the selected objects once, and show what remixing them would cost."""
        if is_too_many(request, queryset):
            return None
        visible = filter_viewable(self, request, queryset.order_by("pk"))
        return self._start_draft(request, visible)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.remix_view)
        own = path("<path:object_id>/remix/", view, name=self._url_name())
        return [own, *super().get_urls()]

    def remix_view(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Start a draft with one object; a GET, as after a login in between, leads back to it."""
        if not (obj := self.get_object(request, unquote(object_id))):
            raise Http404
        if not (self.has_view_permission(request, obj) and self.has_sora_remix_permission(request)):
            raise PermissionDenied
        back = HttpResponseRedirect(Links(self.admin_site).change_url(obj))
        return (self._start_draft(request, [obj]) if request.method == "POST" else None) or back

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        fields = [one for one in super().get_readonly_fields(request, obj) if one != REMIXES]
        return (*fields, REMIXES) if obj else fields

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        """Add a section below those of the site, unless it has a place for the field itself."""
        fieldsets = super().get_fieldsets(request, obj)
        if not obj or REMIXES in flatten_fieldsets(fieldsets):
            return fieldsets
        return [*fieldsets, (_("Remixes"), {"fields": (REMIXES,)})]

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Any = None,
    ) -> HttpResponse:
        """Prepare the section about remixes, which depends on what this user may see."""
        if obj:
            obj._sora_remixes = format_html(
                "{}{}", self._remix_button(request, obj), self._remix_list(request, obj)
            )
        return super().render_change_form(request, context, add, change, form_url, obj)

    @admin.display(description=_("remixes"))
    def sora_remixes(self, obj: Any) -> SafeString | str:
        """Show the button and the remixes that this user may see."""
        return getattr(obj, "_sora_remixes", "") or "-"

    def _remix_button(self, request: HttpRequest, obj: Any) -> SafeString | str:
        if not (getattr(obj, self.remix_file_field) and self.has_sora_remix_permission(request)):
            return ""
        name = f"admin:{self._url_name()}"
        url = reverse(name, args=[quote(obj.pk)], current_app=self.admin_site.name)
        return format_html(BUTTON, url, gettext("Remix this video"))

    def _remix_list(self, request: HttpRequest, obj: Any) -> SafeString | str:
        """List the newest remixes of an object, and those of their results."""
        if not sees_model(self.admin_site, request, Remix):
            return ""
        videos = Video.objects.all().of_object(obj).values("pk")
        of_object = Q(source__in=videos) | Q(source__root__in=videos)
        rows = get_visible_rows(self.admin_site, request, Remix).filter(of_object)
        newest = rows.select_related("source", "result").order_by("-pk")[:MOST_LISTED]
        remix_admin = self.admin_site.get_model_admin(Remix)
        links = Links(self.admin_site)
        lines = (
            (links.change_link(remix, text.shortened(remix.prompt)), html.state(remix))
            for remix in filter_viewable(remix_admin, request, newest)
        )
        items = format_html_join("", "<li>{} {}</li>", lines)
        return format_html('<ul class="sora-remix-lines">{}</ul>', items) if items else ""

    def _start_draft(self, request: HttpRequest, objects: Iterable[Any]) -> HttpResponse | None:
        """Redirect to the page to confirm; return None if no object has a file to remix."""
        try:
            pks, refused = self._add_videos(request, objects)
        except StorageUnavailable as error:
            messages.error(request, str(error))
            return None
        warn_of_refusals(request, refused)
        if not pks:
            messages.warning(request, _("Nothing was selected that has a video file."))
            return None
        batch = RemixBatch.objects.start(pks, by=request.user)
        return HttpResponseRedirect(Links(self.admin_site).confirm_url(batch))

    def _add_videos(
        self, request: HttpRequest, objects: Iterable[Any]
    ) -> tuple[list[int], list[VideoRefused]]:
        """Return the primary keys of the videos of these objects, and why others have none."""
        refused: list[VideoRefused] = []
        names = self.remix_file_field, self.remix_title_field
        found: dict[int, None] = {}
        files = importing.files_of(objects, *names, refused)
        for outcome in importing.import_files(files, by=request.user):
            found |= dict.fromkeys([*outcome.known, *(video.pk for video in outcome.added)])
            refused += outcome.refused
            for pk in outcome.changed:
                del found[pk]
                refused.append(VideoRefused(CHANGED % {"pk": pk}))
        pks = list(found)
        self._read(request, pks)
        return pks, refused

    def _read(self, request: HttpRequest, pks: Sequence[int]) -> None:
        """Read new files for a few seconds, because costs depend on their lengths."""
        if waiting := engine.read_videos(pks):
            message = ngettext(
                "%(many)d video is still being read. Its cost is unknown until then: reload this "
                "page in a minute.",
                "%(many)d videos are still being read. Their costs are unknown until then: reload "
                "this page in a minute.",
                waiting,
            )
            messages.info(request, message % {"many": waiting})

    def _url_name(self) -> str:
        return f"{self.opts.app_label}_{self.opts.model_name}_sora_remix"


def warn_of_refusals(request: HttpRequest, refused: Sequence[VideoRefused]) -> None:
    """Show the first reasons why files were not added, and how many more there are."""
    for refusal in refused[:MOST_REFUSALS]:
        messages.warning(request, str(refusal))
    if (many := len(refused) - MOST_REFUSALS) > 0:
        more = ngettext("%(many)d more was refused.", "%(many)d more were refused.", many)
        messages.warning(request, more % {"many": many})
