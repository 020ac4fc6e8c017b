"""The filters of the page about spend, as its address has them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from ...clock import start_of
from ...models import Remix
from ...models.status import Status
from ...models.users import find_users
from .groupings import NOBODY, endpoint_names, offered_groupings, person_label

FIRST, LAST = date(2000, 1, 1), date(2999, 12, 31)
"""Days that every database and time zone can handle."""
DEFAULT_GROUPING = "month"


class DayField(forms.DateField):
    """A day as browsers send it, or nothing."""

    def __init__(self, **options: Any) -> None:
        super().__init__(
            required=False,
            input_formats=["%Y-%m-%d"],
            widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
            error_messages={"invalid": _("Enter a date such as 2026-11-29.")},
            validators=[MinValueValidator(FIRST), MaxValueValidator(LAST)],
            **options,
        )


class SpendForm(forms.Form):
    """Choose remixes by their day, model, person and outcome, and how to group them."""

    group = forms.ChoiceField(label=_("Group by"))
    start = DayField(label=_("From"))
    end = DayField(label=_("To"))
    model = forms.ChoiceField(label=_("Model"), required=False)
    person = forms.ChoiceField(label=_("Person"), required=False)
    failed = forms.BooleanField(label=_("Only failed remixes"), required=False)

    def __init__(self, query: QueryDict, remixes: QuerySet[Remix]) -> None:
        """Take the query of an address, and the remixes whose models and people are offered."""
        data = query.copy()
        data.setdefault("group", DEFAULT_GROUPING)
        super().__init__(data, label_suffix="")
        self.fields["group"].choices = offered_groupings()  # type: ignore[attr-defined]
        self.fields["model"].choices = _models(remixes)  # type: ignore[attr-defined]
        self.fields["person"].choices = _people(remixes)  # type: ignore[attr-defined]
        self._show_what_was_typed()

    def clean(self) -> dict[str, Any]:
        """Refuse an end before the start."""
        cleaned: dict[str, Any] = super().clean() or {}
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", _("This is before the first day."))
        return cleaned

    @property
    def grouping(self) -> str:
        """The grouping; the default one while the address names none that exists."""
        return str(self.cleaned_data.get("group", DEFAULT_GROUPING))

    def filter(self, remixes: QuerySet[Remix]) -> QuerySet[Remix]:
        """Keep the remixes that were chosen; none while something in the address is wrong."""
        if not self.is_valid():
            return remixes.none()
        chosen = self.cleaned_data
        conditions: dict[str, Any] = {"endpoint": chosen["model"]} if chosen["model"] else {}
        if chosen["start"]:
            conditions["created_at__gte"] = start_of(chosen["start"])
        if chosen["end"]:
            conditions["created_at__lt"] = start_of(chosen["end"] + timedelta(days=1))
        if chosen["failed"]:
            conditions["status"] = Status.FAILED
        return remixes.filter(**conditions, **_requested_by(chosen["person"]))

    def _show_what_was_typed(self) -> None:
        """Let a browser show a date that is none: the type `date` would leave it out."""
        for name in self.errors.keys() & {"start", "end"}:
            self.fields[name].widget.input_type = "text"


def _requested_by(person: str) -> dict[str, Any]:
    if not person:
        return {}
    return {"requested_by": None if person == NOBODY else person}


def _models(remixes: QuerySet[Remix]) -> list[tuple[str, Any]]:
    names = endpoint_names()
    used = remixes.order_by().values_list("endpoint", flat=True).distinct()
    return [("", _("All models")), *_sorted((key, names.get(key, key)) for key in used)]


def _people(remixes: QuerySet[Remix]) -> list[tuple[str, Any]]:
    keys = {*remixes.order_by().values_list("requested_by", flat=True).distinct()}
    users = find_users(keys - {None})
    named = _sorted((str(key), person_label(key, users)) for key in keys - {None})
    nobody = [(NOBODY, person_label(None, users))] if None in keys else []
    return [("", _("All people")), *named, *nobody]


def _sorted(choices: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    return sorted(choices, key=lambda choice: choice[1].casefold())
