"""Forms of the admin: a video, and the last word before money is spent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.core.validators import FileExtensionValidator
from django.http import QueryDict
from django.utils.html import escape
from django.utils.translation import gettext_lazy as _

from ..endpoints import UNSET, Endpoint, Option
from ..exceptions import NotAVideo, Reason
from ..media import VideoFacts, video_facts
from ..models import Video

if TYPE_CHECKING:
    VideoModelForm = forms.ModelForm[Video]
else:
    VideoModelForm = forms.ModelForm

# Nothing that a browser would run, should the storage serve it beside the site.
EXTENSIONS = ("mp4", "m4v", "mov", "webm", "mkv", "avi", "ts", "3gp")


class VideoForm(VideoModelForm):
    """Take an uploaded clip, or the id of a Sora generation."""

    facts: VideoFacts | None = None

    class Meta:
        model = Video
        fields = ("title", "file", "sora_id", "duration", "is_deleted_at_provider")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if file := self.fields.get("file"):
            file.validators.append(FileExtensionValidator(EXTENSIONS))
            file.widget.attrs["accept"] = ",".join(f".{one}" for one in EXTENSIONS)
        if duration := self.fields.get("duration"):
            duration.help_text = _(
                "Read from the file where there is one. Otherwise the cost of a remix "
                "is known only if you give them."
            )

    def clean_file(self) -> UploadedFile[bytes] | None:
        """Refuse what is not a video, reading no more of it than it takes to tell."""
        upload: UploadedFile[bytes] | None = self.cleaned_data["file"]
        if upload:
            try:
                self.facts = video_facts(upload)
            except NotAVideo as error:
                message = _("This is not a video that can be read. Upload an MP4, MOV or WebM.")
                raise forms.ValidationError(message, code="not_a_video") from error
        return upload

    def clean_sora_id(self) -> str:
        sora_id: str = self.cleaned_data["sora_id"]
        others = Video.objects.exclude(pk=self.instance.pk)
        if sora_id and others.filter(sora_id=sora_id).exists():
            message = _("A video with this Sora id is there already.")
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
            self.instance.width = self.facts.width
            self.instance.height = self.facts.height
            self.instance.size = self.facts.size
            self.instance.fps = self.facts.fps
        return super().save(commit)


class ConfirmForm(forms.Form):
    """Take the prompt and the options of an endpoint."""

    prompt = forms.CharField(
        label=_("Prompt"),
        help_text=_("What should change? Every video is remixed with this prompt."),
        widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"}),
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        endpoint: Endpoint,
        terms: str,
        initial: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(data, initial=initial)
        self.endpoint = endpoint
        self.terms = terms
        for option in endpoint.options:
            self.fields[option.name] = _option_field(option)

    def unchecked(self) -> ConfirmForm:
        """Return the form with what was typed so far, and no errors."""
        typed = {
            name: field.widget.value_from_datadict(self.data, self.files, name)
            for name, field in self.fields.items()
        }
        return ConfirmForm(endpoint=self.endpoint, terms=self.terms, initial=typed)

    def clean_prompt(self) -> str:
        # Browsers send line ends as CR LF; the prompt is what the editor typed.
        prompt: str = self.cleaned_data["prompt"]
        return prompt.replace("\r\n", "\n")

    def clean(self) -> dict[str, Any]:
        """Refuse to spend anything but what the page showed."""
        cleaned = super().clean() or self.cleaned_data
        if self.data.get("_terms", self.terms) != self.terms:
            raise forms.ValidationError(
                _(
                    "Nothing was sent: the videos, the endpoint or the cost have changed since "
                    "this page was opened. Look at it again, then confirm."
                ),
                code="terms",
            )
        return cleaned

    def options(self) -> dict[str, Any]:
        """Return what was chosen, under wire names; the rest is left to the record."""
        chosen = {option.name: self.cleaned_data[option.name] for option in self.endpoint.options}
        return {name: value for name, value in chosen.items() if value not in (None, "")}

    def add_reasons(self, reasons: Iterable[Reason]) -> None:
        """Put each reason of a refusal beside the field it is about."""
        for reason in reasons:
            name = "prompt" if reason.field == "prompts" else reason.field
            self.add_error(name if name in self.fields else None, str(reason.message))


def _option_field(option: Option) -> forms.Field:
    """Return a field whose values have the option's wire type."""
    common: dict[str, Any] = {
        "label": option.label or option.name,
        "help_text": escape(option.help),
        "required": False,
        "initial": None if option.default is UNSET else option.default,
    }
    if option.choices:
        return forms.TypedChoiceField(
            choices=_choices(option), coerce=option.read, empty_value=None, **common
        )
    match option.kind:
        case "bool":
            has_default = option.default is not UNSET
            return (forms.BooleanField if has_default else forms.NullBooleanField)(**common)
        case "int":
            limits = {"min_value": option.minimum, "max_value": option.maximum}
            return forms.IntegerField(**{**limits, **common})
        case "number":
            return forms.FloatField(
                min_value=option.minimum,
                max_value=option.maximum,
                widget=forms.NumberInput(attrs={"step": "any"}),
                **common,
            )
    return forms.CharField(**common)


def _choices(option: Option) -> list[tuple[str, Any]]:
    choices = [(str(choice), str(choice)) for choice in option.choices]
    if option.default is UNSET:
        return [("", _("As the endpoint chooses")), *choices]
    return [*choices]
