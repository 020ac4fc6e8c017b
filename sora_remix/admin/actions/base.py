"""An action on selected rows: how it is described, previewed and reported."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Generic, TypeVar

from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString

from ...models import Remix
from .cost import ActionCost

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...endpoints.option import Text

Row = TypeVar("Row", bound=Model)


@dataclass(frozen=True)
class ActionResult:
    """Messages about what was done and what was not, and the remix that was requested."""

    done: Sequence[str]
    unchanged: Sequence[str]
    requested: Remix | None = None


class AdminAction(ABC, Generic[Row]):
    """Describe an action that a page previews before anybody confirms it."""

    name: str
    """Ends the names of its URLs."""
    permissions: tuple[str, ...]
    """What a user needs for it beside the permission to view the rows."""
    label: Text
    list_label: Text
    """Its entry in the changelist's menu of actions."""
    title: Text
    """Title of its page, with `action`."""
    meaning: Text
    """What it does and what it may cost."""
    counted_as: Text
    """Heading of the rows that it changes."""
    column: Text = ""
    """Heading of its effect on each of them, unless that is the same for all."""
    counted: Text
    """How rows are counted, with `many`."""
    button_label: Text
    """Text of the button that confirms it, with `many` and `cost`."""
    done: Text
    """Message after it, with `many`."""
    nothing_to_do: Text
    back_label: Text
    field: str
    """Name of the form field that holds the selection."""
    shows_source = False
    deletes_files = False
    has_note = False

    def prepare(self, selected: QuerySet[Row]) -> QuerySet[Row]:
        """Read with the selected rows what the preview needs."""
        return selected

    @abstractmethod
    def refusal(self, row: Row) -> Text | None:
        """Say why it can't be done to this row, if it can't."""

    @abstractmethod
    def state(self, row: Row) -> SafeString:
        """Show the state of this row."""

    def effect(self, row: Row) -> Text:
        """Say what it does to this row."""
        return ""

    def facts(self, rows: Sequence[Row]) -> list[tuple[Text, object]]:
        """Return what else its page sums up about the rows that it changes."""
        return []

    def cost(self, rows: Sequence[Row]) -> ActionCost | None:
        """Return what it costs; None if it is free."""
        return None

    @abstractmethod
    def selection(self, preview: ActionPreview[Row]) -> str:
        """Name the rows in one form field: a form may not have thousands of them."""

    @abstractmethod
    def confirm(
        self, model_admin: ModelAdmin[Row], request: HttpRequest
    ) -> ActionPreview[Row] | ActionResult:
        """Do it to the rows that the page sent back; return a new preview if that has changed."""


@dataclass(frozen=True)
class PreviewLine(Generic[Row]):
    """One row of a selection."""

    action: AdminAction[Row]
    row: Row
    refusal: Text | None

    @property
    def state(self) -> SafeString:
        return self.action.state(self.row)

    @property
    def effect(self) -> Text:
        return self.action.effect(self.row)


class ActionPreview(Generic[Row]):
    """What an action would do to a selection."""

    def __init__(self, action: AdminAction[Row], rows: Iterable[Row]) -> None:
        self.action = action
        lines = [PreviewLine(action, row, action.refusal(row)) for row in rows]
        self.allowed = [line for line in lines if not line.refusal]
        self.refused = [line for line in lines if line.refusal]
        self.count = action.counted % {"many": len(self.allowed)}
        self.refused_count = action.counted % {"many": len(self.refused)}

    @property
    def rows(self) -> list[Row]:
        return [line.row for line in self.allowed]

    @cached_property
    def cost(self) -> ActionCost | None:
        return self.action.cost(self.rows)

    @property
    def button_label(self) -> str:
        values = {"many": len(self.allowed), "cost": self.cost.total if self.cost else ""}
        return str(self.action.button_label % values)

    @property
    def terms(self) -> str:
        """Return what a person agrees to pay by confirming; empty if it is free."""
        return self.cost.terms if self.cost else ""

    @property
    def reasons(self) -> list[tuple[str, int]]:
        """Return each reason against it with the number of its rows."""
        return Counter(str(line.refusal) for line in self.refused).most_common()

    def is_confirmed(self, request: HttpRequest) -> bool:
        """Tell whether the page that was sent back showed the present cost."""
        return request.method == "POST" and request.POST.get("_terms") == self.terms
