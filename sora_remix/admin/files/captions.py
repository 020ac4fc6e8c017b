"""Captions of videos in the admin: checked when they are uploaded, sent to the player."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator, RegexValidator
from django.forms import Field, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern, path
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from ... import captions
from ...models import Video, delete_after_commit
from ..visibility import get_video_or_404

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


EXTENSION = "vtt"


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the address from which the player has captions."""
    view = model_admin.admin_site.admin_view(partial(serve, model_admin=model_admin))
    return [path("<sora_remix_key:pk>/captions/", view, name="sora_remix_video_captions")]


@require_safe
@cache_control(private=True, no_store=True)
def serve(request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Video]) -> HttpResponse:
    """Send the captions of a video to users who may view it or a remix that shows it."""
    video = get_video_or_404(model_admin.admin_site, request, pk)
    if not video.captions:
        raise Http404
    return captions.response_with(video.captions)


def prepare_fields(fields: dict[str, Field]) -> None:
    """Have the fields of captions take WebVTT and language codes alone."""
    if file := fields.get("captions"):
        file.validators.append(FileExtensionValidator([EXTENSION]))
        file.widget.use_fieldset = False  # Django 6 would name a group, not the field in it
        file.widget.attrs["accept"] = f".{EXTENSION},text/vtt"
    if language := fields.get("captions_language"):
        message = _("Enter a language code such as “en” or “pt-br”.")
        language.validators.append(RegexValidator(captions.LANGUAGE_TAG, message))


def checked(upload: UploadedFile[bytes]) -> UploadedFile[bytes]:
    """Return what can be captions; raise `ValidationError` for what is too large, or no WebVTT."""
    if (upload.size or 0) > captions.MAX_BYTES:
        params = {"most": filesizeformat(captions.MAX_BYTES)}
        message = _("The captions file is too large: the limit is %(most)s.")
        raise ValidationError(message, code="too_large", params=params)
    if not captions.is_webvtt(upload):
        message = _("This is not a WebVTT file. It must start with “WEBVTT” and be UTF-8 text.")
        raise ValidationError(message, code="not_webvtt")
    return upload


def delete_replaced(before: Video) -> None:
    """Delete the captions of a row as it was, once others have replaced them for good."""
    delete_after_commit(before.owned_files("captions"), str(before._state.db))
