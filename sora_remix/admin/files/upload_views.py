"""Uploading many videos at once: each file by a request of its own, or all in one form."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import partial, wraps
from typing import TYPE_CHECKING, Any
from uuid import NAMESPACE_OID, uuid4, uuid5

from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.middleware.csrf import get_token
from django.urls import URLPattern, path
from django.utils.translation import gettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from ...database import atomic, own_transactions
from ...endpoints import cut_off_refusal
from ...models import EndpointFact, Video
from ..checkout.endpoints import why_none_accepts
from ..links import Links
from ..pages import SCRIPTS, list_url, render_page
from ..params import read_text
from ..permissions import can_start_draft
from ..visibility import get_row_or_404
from .adding import AddedFile, add_file, find_by_key, list_errors
from .forms import ACCEPTED
from .upload_texts import script_texts

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin
    from django.http.response import HttpResponseBase

UPLOAD_STYLESHEET = "sora_remix/upload.css"
UPLOAD_SCRIPT = "sora_remix/upload.js"
KEY_LENGTH = 36
REMIX_ACTION = "remix_selected"
"""The action of the list that the Remix button of uploads sends."""


@dataclass(frozen=True)
class UploadedVideo:
    """A video as the list of uploads shows it."""

    pk: int
    title: str
    url: str
    """Of its page; empty for users who may not view it."""
    title_url: str
    """Accepts another title; empty for users who may not change it."""
    warning: str
    """What is wrong with it; empty if nothing is."""


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URLs that uploads and their titles are sent to."""
    return [
        _path(model_admin, "upload/", upload, "upload"),
        _path(model_admin, "<sora_remix_key:pk>/title/", save_title, "title"),
    ]


def upload_form(model_admin: ModelAdmin[Video], request: HttpRequest) -> dict[str, Any]:
    """Return the context of the form; empty for users who may not add videos."""
    if not model_admin.has_add_permission(request):
        return {}
    links = Links(model_admin.admin_site)
    may_view = model_admin.has_view_permission(request)
    return {
        "upload": {
            "url": links.upload_url(),
            "list_url": links.changelist_url(Video) if may_view else "",
            "accept": ",".join(["video/*", *(f".{one}" for one in ACCEPTED)]),
            "key": uuid4(),
            "may_remix": may_remix(model_admin, request),
            "texts": script_texts(),
        }
    }


@require_http_methods(["GET", "HEAD", "POST"])
def upload(request: HttpRequest, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Add the files that were sent, each by itself, and tell what became of each.

    A script sends one `file` and is answered in JSON. A form sends any number of them.
    """
    if not model_admin.has_add_permission(request):
        raise PermissionDenied
    if not _wants_json(request):
        return _upload_page(request, model_admin)
    return (_add_one if request.method == "POST" else _state)(request, model_admin)


@require_POST
def save_title(request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Give a video another title, as its page would."""
    video = get_row_or_404(model_admin, request, pk)
    if not model_admin.has_change_permission(request, video):
        raise PermissionDenied
    form: Any = model_admin.get_form(request, video, change=True, fields=["title"])(
        request.POST, instance=video
    )
    if not form.is_valid():
        return JsonResponse({"errors": list_errors(form)})
    if form.has_changed():
        with atomic():
            model_admin.save_model(
                request, model_admin.save_form(request, form, change=True), form, change=True
            )
            said = model_admin.construct_change_message(request, form, [], add=False)
            model_admin.log_change(request, video, said)
    return _answer(model_admin, request, video)


def _upload_page(request: HttpRequest, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Show the form, and the result of each file that was sent with it."""
    may_view = model_admin.has_view_permission(request)
    added = _add_all(request, model_admin) if request.method == "POST" else []
    videos = {one.video.pk: one.video for one in added if one.video}
    shown = {one.pk: one for one in _describe(model_admin, request, [*videos.values()])}
    context = {
        "title": gettext("Upload videos"),
        "lines": [(one, shown[one.video.pk] if one.video else None) for one in added],
        "videos": list(shown.values()),
        "was_sent": request.method == "POST",
        "list_url": list_url(model_admin, request) if may_view else "",
        **upload_form(model_admin, request),
    }
    scripts = (*SCRIPTS, UPLOAD_SCRIPT)
    sheets = [UPLOAD_STYLESHEET]
    return render_page(
        request, model_admin, "upload_page.html", context, stylesheets=sheets, scripts=scripts
    )


def _add_one(request: HttpRequest, model_admin: ModelAdmin[Video]) -> HttpResponse:
    upload = request.FILES.get("file")
    if upload is None:
        return JsonResponse({"errors": [gettext("No file arrived. Send it again.")]})
    title = request.POST.get("title", "")
    added = add_file(model_admin, request, upload, title=title, key=_key(request.POST))
    if added.video:
        return _answer(model_admin, request, added.video)
    return JsonResponse({"errors": added.errors})


def _add_all(request: HttpRequest, model_admin: ModelAdmin[Video]) -> list[AddedFile]:
    """Add all files of a form; if it is sent again, as by reloading, find them again."""
    key = _key(request.POST)
    return [
        add_file(model_admin, request, one, key=_key_of_part(key, place, one) if key else "")
        for place, one in enumerate(request.FILES.getlist("file"))
    ]


def _key_of_part(key: str, place: int, upload: UploadedFile[bytes]) -> str:
    return str(uuid5(NAMESPACE_OID, f"{key} {place} {upload.size} {upload.name}"))


def _state(request: HttpRequest, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Tell whether an upload has arrived, with a token that is valid now.

    The token in a page is no longer valid once its user has logged in again elsewhere.
    """
    video = find_by_key(request, _key(request.GET))
    token = {"token": get_token(request)}
    return _answer(model_admin, request, video, **token) if video else JsonResponse(token)


def _answer(
    model_admin: ModelAdmin[Video], request: HttpRequest, video: Video, **more: str
) -> HttpResponse:
    [shown] = _describe(model_admin, request, [video])
    return JsonResponse({"video": asdict(shown), **more})


def _describe(
    model_admin: ModelAdmin[Video], request: HttpRequest, videos: Sequence[Video]
) -> list[UploadedVideo]:
    """Describe videos for this user."""
    retired = EndpointFact.objects.retired() if videos else {}
    return [_describe_one(model_admin, request, one, retired) for one in videos]


def _describe_one(
    model_admin: ModelAdmin[Video],
    request: HttpRequest,
    video: Video,
    retired: Mapping[str, datetime],
) -> UploadedVideo:
    links = Links(model_admin.admin_site)
    may_view = model_admin.has_view_permission(request, video)
    may_change = model_admin.has_change_permission(request, video)
    return UploadedVideo(
        pk=video.pk,
        title=video.title,
        url=links.change_url(video) if may_view else "",
        title_url=links.title_url(video) if may_change else "",
        warning=_warning(video, retired),
    )


def _warning(video: Video, retired: Mapping[str, datetime]) -> str:
    """Say why no model can take a video, or that its file is incomplete."""
    if reason := why_none_accepts(video, retired):
        return gettext("It can't be remixed: %(reason)s") % {"reason": reason}
    return str(cut_off_refusal(video) or "")


def may_remix(model_admin: ModelAdmin[Video], request: HttpRequest) -> bool:
    """Tell whether the list accepts uploads to remix; a host may have removed its action."""
    may_view = model_admin.has_view_permission(request)
    return (
        may_view
        and can_start_draft(model_admin.admin_site, request)
        and REMIX_ACTION in model_admin.get_actions(request)
    )


def _key(data: QueryDict) -> str:
    return read_text(data, "upload_key", most=KEY_LENGTH)


def _path(
    model_admin: ModelAdmin[Video], route: str, view: Callable[..., HttpResponse], name: str
) -> URLPattern:
    """Return a URL that answers scripts in JSON, also those of users who may not call it."""
    site = model_admin.admin_site
    for_people = site.admin_view(partial(view, model_admin=model_admin))

    @never_cache
    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not _wants_json(request):
            return for_people(request, *args, **kwargs)
        if not site.has_permission(request):
            return _refused(
                401, gettext("You were logged out. Log in in another tab, then send it again.")
            )
        try:
            return for_people(request, *args, **kwargs)
        except PermissionDenied:
            return _refused(
                403, gettext("You don't have permission to do this. Ask an administrator.")
            )

    return path(route, own_transactions(answer), name=f"sora_remix_video_{name}")


def _refused(status: int, reason: str) -> HttpResponse:
    return JsonResponse({"errors": [reason]}, status=status)


def _wants_json(request: HttpRequest) -> bool:
    kinds = ["text/html", "application/json"]
    return request.get_preferred_type(kinds) == "application/json"
