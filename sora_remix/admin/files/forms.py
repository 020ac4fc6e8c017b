"""The form of a video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.base import ContentFile
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from ...exceptions import NotAVideo, TryLater
from ...media import VideoFacts, thumbnail, video_facts
from ...models import Video
from ...storage import new_name
from . import captions

if TYPE_CHECKING:
    VideoModelForm = forms.ModelForm[Video]
else:
    VideoModelForm = forms.ModelForm

ACCEPTED = ("mp4", "m4v", "mov", "webm", "mkv", "avi", "ts", "3gp", "gif")
"""Extensions that a browser offers at first; the content decides what a file is."""
NOTHING_MOVES = _("This file has no moving picture, only sound or a single image. Upload a video.")


class VideoForm(VideoModelForm):
    """Accept an uploaded clip, or the id of a Sora generation."""

    facts: VideoFacts | None = None

    class Meta:
        model = Video
        fields = (
            "title",
            "file",
            "captions",
            "captions_language",
            "sora_id",
            "duration",
            "is_deleted_at_provider",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if file := self.fields.get("file"):
            file.widget.use_fieldset = False  # Django 6 would name a group, not the one field
            file.widget.attrs["accept"] = ",".join(f".{one}" for one in ACCEPTED)
        if duration := self.fields.get("duration"):
            duration.help_text = _(
                "Read from the file if there is one. Without a file, enter the length. "
                "Otherwise the cost of a remix is unknown."
            )
        captions.prepare_fields(self.fields)

    def clean_file(self) -> UploadedFile[bytes] | None:
        """Refuse a file that is not a video, reading no more of it than necessary.

        The file is renamed by its content: a storage beside the site never serves a name that a
        browser would run.
        """
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if upload:
            try:
                self.facts = video_facts(upload)
            except (NotAVideo, TryLater) as error:
                raise _unusable(error) from error
            if not self.facts.is_moving:
                raise forms.ValidationError(NOTHING_MOVES, code="nothing_moves")
            upload.name = f"video{self.facts.extension}"
        return upload

    def clean_captions(self) -> Any:
        """Refuse files other than WebVTT; return the present file, or False to remove it."""
        upload = self.cleaned_data["captions"]
        return captions.check_captions(upload) if isinstance(upload, UploadedFile) else upload

    def clean_sora_id(self) -> str:
        sora_id: str = self.cleaned_data["sora_id"]
        others = Video.objects.exclude(pk=self.instance.pk)
        if sora_id and others.filter(sora_id=sora_id).exists():
            message = _("A video with this Sora id already exists.")
            raise forms.ValidationError(message, code="unique")
        return sora_id

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.facts and self.facts.duration:
            cleaned["duration"] = self.facts.duration
        has_file = bool(self.instance.file) or bool(cleaned.get("file"))
        tried = {"file", "sora_id"} & self.errors.keys()
        if not has_file and not cleaned.get("sora_id") and not tried:
            for name in {"file", "sora_id"} & self.fields.keys():
                self.add_error(name, _("Upload a file or give a Sora id."))
        return cleaned

    def save(self, commit: bool = True) -> Video:
        if self.facts:
            for name, value in self.facts.known().items():
                setattr(self.instance, name, value)
            self._add_thumbnail()
        return super().save(commit)

    def _add_thumbnail(self) -> None:
        """Store a picture of the upload, if one can be made."""
        if picture := thumbnail(self.cleaned_data["file"]):
            self.instance.thumbnail = ContentFile(picture, new_name("thumbnails", ".jpg"))


def _unusable(error: NotAVideo | TryLater) -> forms.ValidationError:
    """Say why an upload is refused."""
    if isinstance(error, NotAVideo) and not error.is_over_limit:
        message = _("This is not a readable video. Upload an MP4, MOV or WebM.")
        return forms.ValidationError(message, code="not_a_video")
    message = _("The video can't be checked. %(reason)s")
    return forms.ValidationError(message, code="unchecked", params={"reason": str(error)})
