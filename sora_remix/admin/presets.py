"""Admin of prompt presets: users see their own and shared ones, and change their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.urls import URLPattern
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from .. import placeholders
from ..endpoints import all_endpoints
from ..endpoints.record import MOST_IN_PROMPT
from ..exceptions import InvalidEndpoint
from ..models import PromptPreset
from .bases import ModelAdmin
from .notices import views as notices
from .pages import NOTICES_SCRIPT, STYLESHEETS
from .params import CheckedParametersMixin

if TYPE_CHECKING:
    PresetModelAdmin = ModelAdmin[PromptPreset]
    PresetModelForm = ModelForm[PromptPreset]
else:
    PresetModelAdmin = ModelAdmin
    PresetModelForm = ModelForm


class PresetForm(PresetModelForm):
    """Accept a prompt with known placeholders, for an existing endpoint."""

    endpoint = forms.ChoiceField(label=_("Model"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = _endpoints(self.instance.endpoint)
        self.fields["endpoint"].choices = choices  # type: ignore[attr-defined]

    def clean_text(self) -> str:
        text: str = self.cleaned_data["text"].replace("\r\n", "\n")
        if len(text) > MOST_IN_PROMPT:
            message = _("The prompt is longer than %(most)d characters.")
            raise ValidationError(message % {"most": MOST_IN_PROMPT}, code="too_long")
        if problem := placeholders.syntax_problem(text):
            raise ValidationError(problem, code="placeholder")
        return text


@admin.register(PromptPreset)
class PromptPresetAdmin(CheckedParametersMixin, PresetModelAdmin):
    form = PresetForm
    list_display = ("name", "short_text", "endpoint", "owner", "is_shared")
    list_filter = ("is_shared",)
    show_full_result_count = False
    search_fields = ("name", "text")
    fields = ("name", "text", "endpoint", "is_shared", "owner", "created_at")
    readonly_fields = ("owner", "created_at")

    class Media:
        css = {"all": STYLESHEETS}
        js = (NOTICES_SCRIPT,)

    def get_queryset(self, request: HttpRequest) -> QuerySet[PromptPreset]:
        rows = super().get_queryset(request).prefetch_related("owner")
        if request.user.is_superuser:
            return rows
        return rows & PromptPreset.objects.visible_to(request.user)

    def get_urls(self) -> list[URLPattern]:
        return [*notices.urls(self), *super().get_urls()]

    def has_change_permission(self, request: HttpRequest, obj: PromptPreset | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_change(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: PromptPreset | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_change(request, obj)

    def save_model(
        self, request: HttpRequest, obj: PromptPreset, form: PresetModelForm, change: bool
    ) -> None:
        if not change:
            obj.owner_id = request.user.pk
        super().save_model(request, obj, form, change)

    @admin.display(description=_("prompt"))
    def short_text(self, preset: PromptPreset) -> str:
        return Truncator(preset.text).chars(100)


def _may_change(request: HttpRequest, preset: PromptPreset | None) -> bool:
    if preset is None or request.user.is_superuser:
        return True
    return preset.owner_id == request.user.pk


def _endpoints(kept: str) -> list[tuple[str, Any]]:
    """Return the choices, with the present one even if its endpoint no longer exists."""
    try:
        known = {key: str(endpoint) for key, endpoint in all_endpoints().items()}
    except InvalidEndpoint:
        known = {}
    return [("", _("Any model")), *({**({kept: kept} if kept else {}), **known}).items()]
