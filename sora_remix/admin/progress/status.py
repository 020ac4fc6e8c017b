"""The progress of remixes in HTML, which a script keeps up to date."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...endpoints import get_endpoint
from ...exceptions import SoraRemixError
from ...models import Remix
from ...models.status import IN_FLIGHT
from ..formatting import clips, html, text
from ..links import Links
from ..params import parse_pk

Status = Remix.Status
PROGRESS_SCRIPT = "sora_remix/progress.js"
OVER = (Status.SUCCEEDED, Status.FAILED, Status.CANCELLED)

PLACE = _("Place %(place)s in fal's queue")
TIME = _("%(time)s so far, usually %(usual)s")
TIME_ALONE = _("%(time)s so far")
DONE = _("%(over)s of %(many)s are done")
LOST = _("The connection is lost, so this page may be out of date. It reconnects automatically.")
LOGGED_OUT = _("You are logged out, so this page may be out of date. Log in and reload it.")
FORBIDDEN = _("You no longer have permission to view the progress.")


def page(links: Links, batch: int | None = None) -> dict[str, Any]:
    """Return the context of a page whose script keeps remixes up to date."""
    attributes = {
        "data-url": links.remix_url("progress"),
        "data-batch": "" if batch is None else batch,
        "data-now": int(timezone.now().timestamp()),
        "data-place": PLACE,
        "data-time": TIME,
        "data-time-alone": TIME_ALONE,
        "data-done": DONE,
        "data-lost": LOST,
        "data-logged-out": LOGGED_OUT,
        "data-forbidden": FORBIDDEN,
    }
    return {"attributes": flatatt(attributes)}


def page_of_batch(links: Links, batch: int, remixes: QuerySet[Remix]) -> dict[str, Any]:
    """Return the same with the progress of a batch, which is given by its primary key."""
    is_over = Count("pk", filter=Q(status__in=OVER))
    counts = remixes.filter(batch=batch).aggregate(over=is_over, many=Count("pk"))
    return {**page(links, batch), **counts, "said": counted(counts["over"], counts["many"])}


def chosen_batch(request: HttpRequest) -> int | None:
    """Return the primary key of the batch that a list is filtered by."""
    return parse_pk(request.GET.get("batch__id__exact"))


def counted(over: int, many: int) -> str:
    """Return a text that says how many remixes are finished."""
    return str(DONE % {"over": over, "many": many})


def bar(over: int, many: int) -> SafeString:
    """Show how many remixes are finished, as a bar and as text."""
    said = counted(over, many)
    template = '<progress max="{}" value="{}" aria-label="{}"></progress> <span>{}</span>'
    return format_html(template, str(many), str(over), said, said)


def started_at(
    status: str, submitted_at: datetime | None, completed_at: datetime | None
) -> datetime | None:
    """Return when fal started on a remix, if it is still working on it."""
    return submitted_at if status in IN_FLIGHT and completed_at is None else None


def position(index: int | None) -> int | None:
    """Count from 1 what fal counts from 0."""
    return None if index is None else index + 1


def state(remix: Remix) -> SafeString:
    """Show the status and the progress of a remix, in an element that the script updates."""
    start = started_at(remix.status, remix.submitted_at, remix.completed_at)
    usual = _usual(remix) if remix.status not in OVER else ""
    return format_html(
        '<div class="sora-remix-live" data-remix="{}" data-status="{}" data-start="{}" '
        'data-place="{}" data-usual="{}" data-fitting="{}">{} '
        '<span class="quiet sora-remix-far">{}</span>'
        '<span class="quiet sora-remix-log">{}</span></div>',
        remix.pk,
        remix.status,
        int(start.timestamp()) if start else "",
        position(remix.queue_position) or "",
        usual,
        fitting := _fitting(remix),
        html.state(remix),
        " · ".join(filter(None, (fitting, _place(remix), _time(start, usual)))),
        format_html_join("", '<bdi dir="auto">{}</bdi>', ((line,) for line in remix.progress_log)),
    )


def _fitting(remix: Remix) -> str:
    """Say how much of its clip is made; `source` and `clip` are read with the remix."""
    if remix.status != Status.QUEUED or not remix.recipe:
        return ""
    clip = remix.clip
    return clips.progress(
        status=remix.status,
        recipe=remix.recipe,
        clip=str(clip.file.name or "") if clip else "",
        done=clip.seconds_done if clip else None,
        source_length=remix.source.duration,
    )


def _place(remix: Remix) -> str:
    if remix.queue_position is None:
        return ""
    return str(PLACE % {"place": position(remix.queue_position)})


def _time(start: datetime | None, usual: str) -> str:
    if not start:
        return ""
    seconds = max(0, int((timezone.now() - start).total_seconds()))
    hours, minutes = divmod(seconds // 60, 60)
    clock = f"{minutes}:{seconds % 60:02}"
    clock = f"{hours}:{clock:0>5}" if hours else clock
    if not usual:
        return str(TIME_ALONE % {"time": clock})
    return str(TIME % {"time": clock, "usual": usual})


def _usual(remix: Remix) -> str:
    try:
        return text.usual_time(get_endpoint(remix.endpoint).typical_seconds)
    except SoraRemixError:
        return ""
