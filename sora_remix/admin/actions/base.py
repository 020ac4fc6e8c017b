"""What a person may do to remixes by hand, and how each action is told before and after."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...models import Remix

if TYPE_CHECKING:
    from ...endpoints.option import Text
    from ...models.users import User

Status = Remix.Status


class RemixAction(ABC):
    """One thing that a person may decide about remixes."""

    name: str
    """Ends the names of its URLs."""
    label: Text
    meaning: Text
    """What it does and what it may cost, said before it is done."""
    counted_as: Text
    """What the summary calls the remixes that it will be done to."""
    column: Text = ""
    """Head of the column that says what it does to each of them, unless that is clear."""
    button_label: Text
    """Text of the button that does it, with `many` and `cost`."""
    done: Text
    """Answer when it was done, with `many`."""
    is_paid = False
    permissions: tuple[str, ...]
    """What a user needs for it, beside being allowed to see remixes."""

    @property
    def path(self) -> str:
        return self.name.replace("_", "-")

    @abstractmethod
    def refusal(self, remix: Remix) -> Text | None:
        """Say why this remix is in no state for it, if it isn't."""

    def effect(self, remix: Remix) -> Text:
        """Say what it does to this remix."""
        return ""

    @abstractmethod
    def perform(self, remix: Remix, by: User) -> Remix | None:
        """Do it and return the remix that it requested; raise when it can't be done."""

    def report(self, remixes: Sequence[Remix]) -> list[str]:
        """Say to how many remixes it was done."""
        return [str(self.done % {"many": len(remixes)})]
