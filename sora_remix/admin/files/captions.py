"""Captions of videos: their form fields, and files that were replaced."""

from __future__ import annotations

from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator, RegexValidator
from django.forms import Field, ValidationError
from django.template.defaultfilters import filesizeformat
from django.utils.translation import gettext_lazy as _

from ... import captions
from ...models import Video, delete_after_commit

EXTENSION = "vtt"


def prepare_fields(fields: dict[str, Field]) -> None:
    """Have the fields of captions accept only WebVTT and language codes."""
    if file := fields.get("captions"):
        file.validators.append(FileExtensionValidator([EXTENSION]))
        file.widget.use_fieldset = False  # Django 6 would name a group, not the field in it
        file.widget.attrs["accept"] = f".{EXTENSION},text/vtt"
    if language := fields.get("captions_language"):
        message = _("Enter a language code such as “en” or “pt-br”.")
        language.validators.append(RegexValidator(captions.LANGUAGE_TAG, message))


def check_captions(upload: UploadedFile[bytes]) -> UploadedFile[bytes]:
    """Return the upload; raise `ValidationError` if it is too large, or no WebVTT file."""
    if (upload.size or 0) > captions.MAX_BYTES:
        params = {"most": filesizeformat(captions.MAX_BYTES)}
        message = _("The captions file is too large: the limit is %(most)s.")
        raise ValidationError(message, code="too_large", params=params)
    if not captions.is_webvtt(upload):
        message = _("This is not a WebVTT file. It must start with “WEBVTT” and be UTF-8 text.")
        raise ValidationError(message, code="not_webvtt")
    return upload


def delete_replaced(before: Video) -> None:
    """Delete the captions of a row as it was, once the transaction that replaces them commits."""
    delete_after_commit(before.owned_files("captions"), str(before._state.db))
