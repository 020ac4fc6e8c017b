"""Adding one video of several: the same form, checks and records as on its own page."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.datastructures import MultiValueDict
from django.utils.translation import gettext

from ...database import atomic
from ...exceptions import SoraRemixError
from ...logs import get_logger
from ...models import Video, deleted_unless_saved, store_files
from .file_titles import title_from_name

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

logger = get_logger(__name__)


@dataclass(frozen=True)
class AddedFile:
    """What became of one file: a video, or errors."""

    name: str
    video: Video | None = None
    errors: Sequence[str] = ()


def find_by_key(request: HttpRequest, key: str) -> Video | None:
    """Return the video that this user has uploaded with this key."""
    mine = Video.objects.filter(upload_key=key, created_by=request.user.pk)
    return mine.first() if key else None


def add_file(
    model_admin: ModelAdmin[Video],
    request: HttpRequest,
    upload: UploadedFile[bytes],
    *,
    title: str = "",
    key: str = "",
) -> AddedFile:
    """Add a video with this file, or return the one that the same `key` has added before.

    An error that nobody foresaw stays with this file, and is logged.
    """
    name = str(upload.name)
    if video := find_by_key(request, key):
        return AddedFile(name, video)
    data = {"title": title.strip() or title_from_name(name)}
    try:
        form = model_admin.get_form(request)(data, MultiValueDict({"file": [upload]}))
        if not form.is_valid():
            return AddedFile(name, errors=list_errors(form))
        return AddedFile(name, _add_once(model_admin, request, form, key))
    except SoraRemixError as error:
        return AddedFile(name, errors=[str(error)])
    except Exception:
        logger.exception("Could not add the upload %r", name)
        message = gettext("The server couldn't store this file. Send it again later.")
        return AddedFile(name, errors=[message])


def list_errors(form: ModelForm[Video]) -> list[str]:
    """Return the errors of a form; those of fields other than the file name their field."""
    found = []
    for name, messages in form.errors.items():
        label = form.fields[name].label if name in form.fields and name != "file" else ""
        named = gettext("%(field)s: %(error)s")
        found += [
            named % {"field": label, "error": message} if label else str(message)
            for message in messages
        ]
    return found


def _add_once(
    model_admin: ModelAdmin[Video], request: HttpRequest, form: ModelForm[Video], key: str
) -> Video:
    """Add the video of a valid form, unless another request with the same key was first."""
    try:
        return _add(model_admin, request, form, key)
    except IntegrityError:
        if video := find_by_key(request, key):
            return video
        raise


def _add(model_admin: ModelAdmin[Video], request: HttpRequest, form: Any, key: str) -> Video:
    """Do what `ModelAdmin.add_view()` does with a valid form."""
    video: Video = model_admin.save_form(request, form, change=False)
    video.upload_key = key
    with deleted_unless_saved(video):
        store_files(video)
        with atomic():
            model_admin.save_model(request, video, form, change=False)
            model_admin.save_related(request, form, [], change=False)
            said = model_admin.construct_change_message(request, form, [], add=True)
            model_admin.log_addition(request, video, said)
    return video
