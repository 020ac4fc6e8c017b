"""Resume sending before a pause ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.admin.options import get_content_type_for_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ... import services
from ...database import retry_conflicts
from ...models import Chain, Remix
from ..links import Links
from ..permissions import DECIDE, require_perms

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

RESUMED = _("Sending to fal was resumed.")
TRYING = _(
    "One remix is sent to fal now. If fal accepts it, the others follow. If fal refuses it, "
    "nothing is charged."
)


def resume(request: HttpRequest, *, model_admin: ModelAdmin[Remix]) -> HttpResponse:
    """Resume sending to fal and go back to the page whose button was pressed."""
    require_perms(model_admin, request, DECIDE)
    if request.method == "POST":
        if _resume(request):
            messages.success(request, TRYING if Chain.objects.hold() else RESUMED)
        else:
            messages.info(request, _("Sending to fal had already resumed."))
    return HttpResponseRedirect(_came_from(request, model_admin))


@retry_conflicts
def _resume(request: HttpRequest) -> bool:
    """Resume sending and log it among the user's recent actions, or neither."""
    if not services.resume_sending(by=request.user):
        return False
    LogEntry.objects.create(
        user_id=cast(Any, request.user.pk),
        content_type_id=get_content_type_for_model(Remix).pk,
        object_repr=gettext("Sending to fal"),
        action_flag=CHANGE,
        change_message=gettext("Resume sending"),
    )
    return True


def _came_from(request: HttpRequest, model_admin: ModelAdmin[Remix]) -> str:
    url = request.POST.get("next", "")
    hosts, is_secure = {request.get_host()}, request.is_secure()
    if url_has_allowed_host_and_scheme(url, allowed_hosts=hosts, require_https=is_secure):
        return url
    return Links(model_admin.admin_site).changelist_url(Remix)
