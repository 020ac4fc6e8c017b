"""The doorbell that fal rings when a remix is done, and what players on the site ask for."""

from __future__ import annotations

from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.core.signing import BadSignature
from django.db.models.fields.files import FieldFile
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseNotFound,
    HttpResponseRedirect,
    UnreadablePostError,
)
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from . import captions, services
from .database import own_transactions
from .exceptions import TryLater, WebhookRefused
from .fal.webhook import MAX_BODY, learn_account, verified_request_id
from .logs import get_logger
from .models import Remix, Video
from .tokens import pk_of

PARTS = ("file", "thumbnail", "captions")
"""Fields whose files a player on the site shows."""

logger = get_logger(__name__)


@own_transactions
@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, key: UUID) -> HttpResponse:
    """Have the remix with this key looked after, once it is proven that fal asks for it.

    Nothing of the call is believed but fal's request id; who proves nothing learns nothing.
    """
    if (body := _body(request)) is None:
        logger.warning("Refused a webhook for remix %s: its body is too large or incomplete", key)
        return HttpResponse(status=400)
    try:
        request_id = verified_request_id(request.headers, body)
    except WebhookRefused as refusal:
        logger.warning("Refused a webhook for remix %s: %s", key, refusal)
        return HttpResponse(status=403)
    except TryLater as reason:
        logger.warning("Put off a webhook for remix %s: %s", key, reason)
        return HttpResponse(status=503)
    try:
        services.webhook_received(key, request_id)
    except Remix.DoesNotExist:
        logger.warning("There is no remix %s, for which a webhook came", key)
        return HttpResponse(status=404)
    if account := learn_account(request.headers):
        logger.info("fal's account id is %s: set SORA_REMIX_WEBHOOK_USER_ID to it", account)
    return HttpResponse()


@login_not_required
@require_safe
@cache_control(private=True, no_store=True)
def video(request: HttpRequest, token: str, part: str) -> HttpResponse:
    """Lead to a file of a video as the storage signs it now, or send its captions.

    Who was shown the player has the token; that lets nobody see what is not approved any more.
    """
    file = _file_of(token, part)
    if not file:
        return HttpResponseNotFound()
    if part == "captions":
        return captions.response_with(file)
    return HttpResponseRedirect(file.url)


def _file_of(token: str, part: str) -> FieldFile | None:
    """Return a file of the video that the token is for, if the site still shows that."""
    try:
        pk = pk_of(token)
    except BadSignature:
        return None
    video = Video.objects.approved().filter(pk=pk).only(*PARTS).first()
    return getattr(video, part, None) if part in PARTS else None


def _body(request: HttpRequest) -> bytes | None:
    """Read the raw body, unless it is larger than any of fal's or breaks off."""
    try:
        if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
            return None
        body: bytes = request.read(MAX_BODY + 1)
    except (ValueError, UnreadablePostError):
        return None
    return body if len(body) <= MAX_BODY else None
