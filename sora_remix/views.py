"""The webhook that fal calls when a remix has finished, and the files of players on the site."""

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
"""File fields that a player on the site shows."""

logger = get_logger(__name__)


@own_transactions
@csrf_exempt
@login_not_required
@require_POST
def webhook(request: HttpRequest, key: UUID) -> HttpResponse:
    """Check the remix with this key, once the call is proven to come from fal.

    The app uses only the request id of the call. An unproven call learns nothing from the answer.
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
        logger.warning("Postponed a webhook for remix %s: %s", key, reason)
        return HttpResponse(status=503)
    try:
        services.webhook_received(key, request_id)
    except Remix.DoesNotExist:
        logger.warning("Received a webhook for remix %s, which does not exist", key)
        return HttpResponse(status=404)
    if account := learn_account(request.headers):
        logger.info("Your fal account id is %s. Set SORA_REMIX_WEBHOOK_USER_ID to it", account)
    return HttpResponse()


@login_not_required
@require_safe
@cache_control(private=True, no_store=True)
def video(request: HttpRequest, token: str, part: str) -> HttpResponse:
    """Redirect to a video's file with a freshly signed URL, or send its captions.

    A page with a player has the token. It gives access only while the video is approved.
    """
    file = _file_of(token, part)
    if not file:
        return HttpResponseNotFound()
    if part == "captions":
        return captions.response_with(file)
    return HttpResponseRedirect(file.url)


def _file_of(token: str, part: str) -> FieldFile | None:
    """Return a file of the token's video, if the site still shows that video."""
    try:
        pk = pk_of(token)
    except BadSignature:
        return None
    video = Video.objects.approved().filter(pk=pk).only(*PARTS, "storage_alias").first()
    return getattr(video, part, None) if part in PARTS else None


def _body(request: HttpRequest) -> bytes | None:
    """Read the raw body. Return None if it is too large or incomplete."""
    try:
        if int(request.headers.get("Content-Length") or 0) > MAX_BODY:
            return None
        body: bytes = request.read(MAX_BODY + 1)
    except (ValueError, UnreadablePostError):
        return None
    return body if len(body) <= MAX_BODY else None
