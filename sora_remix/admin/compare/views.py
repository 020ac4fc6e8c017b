"""The page that compares two videos, such as a source and its result."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms.utils import flatatt
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.formats import number_format
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from ...models import Remix, Video
from ..formatting import clips, money, options, text
from ..links import Links
from ..pages import RENEW_SCRIPT, render_page
from ..params import parse_pk
from ..permissions import COSTS, has_perms
from ..visibility import filter_viewable, find_known_results
from . import labels

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


MOST_OFFERED = 200
"""Other videos of the family to choose from, newest first."""
TITLE_SHOWN = 80
SCRIPTS = tuple(
    f"sora_remix/{name}.js"
    for name in ("shortcuts", "compare_side", "compare_player", "compare_view", "compare")
)


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the routes of these pages."""
    view = model_admin.admin_site.admin_view(partial(compare, model_admin=model_admin))
    return [path("compare/", view, name="sora_remix_video_compare")]


@dataclass(frozen=True)
class ComparedVideo:
    """One of the two videos, and what the user may see of it."""

    name: str
    label: str
    video: Video
    may_see_remix: bool
    may_see_cost: bool
    links: Links

    @property
    def link(self) -> SafeString:
        return self.links.change_link(self.video, self.video.title)

    @property
    def attributes(self) -> SafeString:
        """Return the attributes of the video element."""
        video = self.video
        attributes = {
            "controls": True,
            "playsinline": True,
            "preload": "auto",
            "src": video.file.url,
            "data-renew": self.links.file_url(video, "file") or None,
            "poster": video.thumbnail.url if video.thumbnail else None,
            "width": video.width,
            "height": video.height,
            "data-fps": video.fps or None,
            "aria-label": f"{self.label}: {video.title}",
        }
        return flatatt(attributes)

    @property
    def facts(self) -> list[tuple[str, str]]:
        video, known = self.video, self._remix_facts
        known.append((gettext("Length"), text.seconds(video.duration)))
        if video.width and video.height:
            pixels = gettext("%(width)d by %(height)d pixels")
            shape = pixels % {"width": video.width, "height": video.height}
            known.append((gettext("Resolution"), shape))
        if video.fps:
            known.append((gettext("Frames per second"), number_format(video.fps.normalize())))
        if video.size:
            known.append((gettext("Size"), filesizeformat(video.size)))
        return known

    @property
    def _remix_facts(self) -> list[tuple[str, str]]:
        remix: Remix | None = getattr(self.video, "remix", None)
        if not (remix and self.may_see_remix):
            return []
        part = clips.part(remix.recipe)
        return [
            *([(gettext("Part of the source"), part)] if part else []),
            (gettext("Prompt"), text.shortened(remix.prompt)),
            (gettext("Model"), text.endpoint_name(remix)),
            *options.facts(remix),
            *([(gettext("Cost"), money.cost(remix))] if self.may_see_cost else []),
        ]


@require_safe
def compare(request: HttpRequest, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Show two videos under one play head, or ask for the second one."""
    if not model_admin.has_view_permission(request):
        raise PermissionDenied
    links = Links(model_admin.admin_site)
    pks = [_pk(request, "left"), _pk(request, "right")]
    if pks[0] is None:
        messages.warning(request, _("Choose two videos to compare."))
        return HttpResponseRedirect(links.changelist_url(Video))
    site, rows = model_admin.admin_site, model_admin.get_queryset(request)
    videos = _videos(rows, pks)
    if len(filter_viewable(model_admin, request, videos)) < len(videos):
        raise PermissionDenied
    told = find_known_results(site, request, videos)
    sides = _sides(videos, told, links, has_costs=has_perms(request, COSTS))
    is_ready = len(sides) == 2 and any(side.video.file for side in sides)
    context = {
        **labels.script_context(),
        "title": gettext("Compare videos"),
        "sides": sides,
        "is_ready": is_ready,
        "is_same": pks[0] == pks[1],
        "swap_url": links.compare_url(*reversed(videos)) if len(videos) == 2 else "",
        "offered": _offered(videos, rows),
    }
    return render_page(
        request,
        model_admin,
        "compare.html",
        context,
        stylesheets=["sora_remix/compare.css"],
        scripts=[RENEW_SCRIPT, *(SCRIPTS if is_ready else ())],
    )


def choose(request: HttpRequest, remixes: Iterable[Remix], links: Links) -> str:
    """Return the URL that compares the results of two remixes, or of one with its source.

    With any other selection, add a warning and return an empty string.
    """
    found = list(remixes)
    videos = [remix.result for remix in found if remix.result]
    if len(found) == len(videos) == 1:
        videos.insert(0, found[0].source)
    if len(found) in (1, 2) and len(videos) == 2:
        return links.compare_url(*videos)
    message = _("Select two remixes with a video, or one to compare it with its source.")
    messages.warning(request, message)
    return ""


def with_source(remix: Remix | None, links: Links) -> str:
    """Return the URL that compares a result with its source; empty if a file is missing."""
    if not (remix and remix.result and remix.result.file and remix.source.file):
        return ""
    return links.compare_url(remix.source, remix.result)


def _pk(request: HttpRequest, name: str) -> int | None:
    pk = parse_pk(given := request.GET.get(name, ""))
    if given and pk is None:
        raise Http404(f"`{name}` must be a primary key.")
    return pk


def _videos(rows: QuerySet[Video], pks: Sequence[int | None]) -> list[Video]:
    """Return both videos, or one if it was given twice or alone."""
    wanted = list(dict.fromkeys(pk for pk in pks if pk is not None))
    found = rows.select_related("remix").in_bulk(wanted)
    if len(found) < len(wanted):
        raise Http404("There is no such video.")
    return [found[pk] for pk in wanted]


def _sides(
    videos: Sequence[Video], told: Collection[int], links: Links, *, has_costs: bool
) -> list[ComparedVideo]:
    named = (("left", gettext("Left")), ("right", gettext("Right")))
    pairs = zip(named, videos, strict=False)
    return [
        ComparedVideo(*name, video, video.pk in told, has_costs, links) for name, video in pairs
    ]


def _offered(videos: Sequence[Video], rows: QuerySet[Video]) -> list[dict[str, Any]]:
    """Return what the left video can be compared with: the newest others of its family."""
    left, *right = videos
    family = Video.objects.family_of(left).exclude(pk=left.pk).exclude(file="").order_by()
    seen = rows.filter(pk__in=family.values("pk")).values_list("pk", "title")
    others = dict(seen[:MOST_OFFERED])
    others |= {video.pk: video.title for video in right}
    chosen = [video.pk for video in right]
    text = gettext("%(title)s (no. %(number)s)")
    return [
        {
            "value": str(pk),
            "text": text % {"title": Truncator(title).chars(TITLE_SHOWN), "number": pk},
            "is_chosen": pk in chosen,
        }
        for pk, title in others.items()
    ]
