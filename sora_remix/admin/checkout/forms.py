"""The forms of the checkout page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.formats import number_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from ...endpoints import Endpoint
from ...models import ReferenceImage
from .endpoints import EndpointChoices
from .images import ImagesField
from .kept_options import OPTION
from .option_fields import option_field
from .prompts import PromptInput, Prompts, field_name

Fieldsets = list[tuple[Any, dict[str, Any]]]


class OptionsForm(forms.Form):
    """Accept the options of an endpoint."""

    prefix = OPTION

    def __init__(self, data: Any = None, *, endpoint: Endpoint) -> None:
        super().__init__(data)
        self.endpoint = endpoint
        for option in endpoint.options:
            self.fields[option.name] = option_field(option)

    def chosen(self) -> dict[str, Any]:
        """Return the valid options by wire name, without those left to the record."""
        self.is_valid()
        cleaned = getattr(self, "cleaned_data", {})
        return {name: value for name, value in cleaned.items() if value not in (None, "")}

    @property
    def fieldsets(self) -> Fieldsets:
        """Group the options: those that are seldom needed are collapsed."""
        common = [option.name for option in self.endpoint.options if not option.advanced]
        advanced = [option.name for option in self.endpoint.options if option.advanced]
        sets: Fieldsets = [
            (None, {"fields": common}),
            (_("More options"), {"fields": advanced, "classes": ("collapse",)}),
        ]
        return [(name, options) for name, options in sets if options["fields"]]


class DraftForm(forms.Form):
    """Accept the endpoint, the prompts, and reference images where the endpoint takes any."""

    endpoint = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": _("Choose a model.")}
    )

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        endpoints: EndpointChoices,
        selected: Endpoint,
        prompts: Prompts,
        images: Sequence[ReferenceImage],
        is_final: bool,
    ) -> None:
        super().__init__(data, files)
        self.fields["endpoint"].choices = [  # type: ignore[attr-defined]
            (one.endpoint.key, str(one.endpoint)) for one in endpoints.available
        ]
        self.prompts = {number: field_name(number) for number in prompts.texts}
        for number, name in self.prompts.items():
            self.fields[name] = _prompt_field(prompts, number, selected, is_final)
        self.fields[self.first_prompt].help_text = _prompt_help(selected)
        if selected.references:
            self.fields["images"] = ImagesField(selected.references, images)

    @property
    def first_prompt(self) -> str:
        """Return the name of the field that shows the errors about all prompts."""
        return next(iter(self.prompts.values()))


def _prompt_field(prompts: Prompts, number: int, endpoint: Endpoint, is_final: bool) -> forms.Field:
    attrs: dict[str, Any] = {
        "rows": 3,
        "class": "vLargeTextField sora-remix-growing",
        "data-heading": f"sora-remix-said-{number}",
        "maxlength": endpoint.prompt_limit,
        "required": True,
    }
    if number == prompts.focus:
        attrs["autofocus"] = True
    widget = PromptInput(prompts.texts[number], attrs)
    # Until the draft is confirmed, prompts may be empty.
    return forms.CharField(label=prompts.label(number), widget=widget, required=is_final)


def _prompt_help(endpoint: Endpoint) -> SafeString:
    parts = [
        endpoint.prompt_hint,
        _(
            "{title} and {seconds} are replaced with each video's title and length in "
            "seconds. To get a brace, type {{ or }}."
        ),
        _("At most %(most)s characters.") % {"most": number_format(endpoint.prompt_limit, 0)},
    ]
    return format_html_join(" ", "{}", ((part,) for part in parts if part))
