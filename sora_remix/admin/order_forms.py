"""What an editor chooses and types before money is spent."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ..endpoints import Endpoint
from ..models import ReferenceImage
from .images import ImagesField
from .offer import Offered
from .option_fields import option_field

Fieldsets = list[tuple[Any, dict[str, Any]]]


class OptionsForm(forms.Form):
    """Take the options of an endpoint."""

    prefix = "option"

    def __init__(self, data: Any = None, *, endpoint: Endpoint) -> None:
        super().__init__(data)
        self.endpoint = endpoint
        for option in endpoint.options:
            self.fields[option.name] = option_field(option)

    def chosen(self) -> dict[str, Any]:
        """Return what was chosen and can be sent, under wire names; the rest is the record's."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        return {name: value for name, value in cleaned.items() if value not in (None, "")}

    @property
    def fieldsets(self) -> Fieldsets:
        """Return the options, with those that are seldom needed folded up."""
        common = [option.name for option in self.endpoint.options if not option.advanced]
        advanced = [option.name for option in self.endpoint.options if option.advanced]
        sets: Fieldsets = [
            (_("Options"), {"fields": common}),
            (_("More options"), {"fields": advanced, "classes": ("collapse",)}),
        ]
        return [(name, options) for name, options in sets if options["fields"]]


class OrderForm(forms.Form):
    """Take the endpoint, the prompt, and reference images where the endpoint takes some."""

    endpoint = forms.ChoiceField(required=False)
    prompt = forms.CharField(
        label=_("Prompt"), widget=forms.Textarea(attrs={"rows": 5, "class": "vLargeTextField"})
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        offered: Offered,
        record: Endpoint,
        images: Sequence[ReferenceImage],
        is_final: bool,
    ) -> None:
        super().__init__(data, files)
        self.record = record
        self.is_final = is_final
        self.fields["endpoint"].choices = [  # type: ignore[attr-defined]
            (one.endpoint.key, str(one.endpoint)) for one in offered.choices
        ]
        prompt = self.fields["prompt"]
        prompt.help_text = _prompt_help(record)
        if record.prompt_max:
            prompt.widget.attrs["maxlength"] = record.prompt_max
        if record.references:
            self.fields["images"] = ImagesField(record.references, images)

    def full_clean(self) -> None:
        """Find what is wrong; before it is final, nothing need be there yet."""
        super().full_clean()
        if not self.is_final and self.has_error("prompt", "required"):
            del self.errors["prompt"]

    def clean_prompt(self) -> str:
        # Browsers send line ends as CR LF; the prompt is what the editor typed.
        prompt: str = self.cleaned_data["prompt"].replace("\r\n", "\n")
        if prompt and (problem := self.record.prompt_problem(prompt)):
            raise forms.ValidationError(problem, code="prompt")
        return prompt


def _prompt_help(endpoint: Endpoint) -> SafeString:
    parts = [
        _("What should change? Every video is remixed with this prompt."),
        endpoint.prompt_hint,
    ]
    if endpoint.prompt_max:
        parts.append(_("At most %(most)d characters.") % {"most": endpoint.prompt_max})
    return format_html_join(" ", "{}", ((part,) for part in parts if part))
