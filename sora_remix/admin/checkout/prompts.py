"""The prompts of a draft, and the buttons that add and remove them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain, count
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models import PromptPreset

PROMPT = "prompt"
"""Name of all fields with prompts."""
NUMBERS = "_numbers"
"""Name of the field with the numbers of the prompts, which stay the same as others come and go."""
ADD_PROMPT = "_add"
REMOVE_PROMPT = "_drop"
USE_PRESET = "_use"
"""Names of the buttons that add a prompt, remove one, and add a preset as one."""
PRESET = "_preset"
"""Name of the field with the preset that is chosen."""
NUMBER = re.compile(r"\b[0-9]{1,6}\b")


class Prompts:
    """The prompts by number, after the effect of the button that was pressed."""

    def __init__(self, data: QueryDict, presets: Sequence[PromptPreset]) -> None:
        self.presets = presets
        self.shown = _numbers(data)
        """Numbers of the prompts that are on the page."""
        self.texts = _texts(data)
        self.focus: int | None = None
        """Number of the prompt that gets the focus."""
        if REMOVE_PROMPT in data:
            self._remove(str(data[REMOVE_PROMPT]))
        if ADD_PROMPT in data:
            self._add("")
        if USE_PRESET in data:
            self._add_preset(data.get(PRESET, ""))

    @property
    def is_several(self) -> bool:
        return len(self.texts) > 1

    def label(self, number: int) -> str:
        """Return the label of a prompt."""
        if not self.is_several:
            return gettext("Prompt")
        return gettext("Prompt %(number)d") % {"number": [*self.texts].index(number) + 1}

    def preset_groups(self, endpoint: str) -> list[tuple[Any, list[PromptPreset]]]:
        """List the presets under headings, those for this endpoint first."""
        groups: list[tuple[Any, list[PromptPreset]]] = [
            (_("For this model"), [one for one in self.presets if one.endpoint == endpoint]),
            (_("For any model"), [one for one in self.presets if not one.endpoint]),
            (
                _("For other models"),
                [one for one in self.presets if one.endpoint not in ("", endpoint)],
            ),
        ]
        return [group for group in groups if group[1]]

    def _add(self, text: str) -> None:
        self.focus = max(self.texts) + 1
        self.texts[self.focus] = text

    def _remove(self, number: str) -> None:
        numbers = [*self.texts]
        gone = next((at for at, one in enumerate(numbers) if str(one) == number), None)
        if gone is not None and self.is_several:
            del self.texts[numbers.pop(gone)]
            self.focus = numbers[min(gone, len(numbers) - 1)]

    def _add_preset(self, chosen: str) -> None:
        """Add the text of a preset, and remove empty prompts."""
        preset = next((one for one in self.presets if str(one.pk) == chosen), None)
        if preset:
            self._add(preset.text)
            self.texts = {number: text for number, text in self.texts.items() if text.strip()}


class PromptInput(forms.Textarea):
    """Show a prompt: all prompts are sent under one name."""

    def __init__(self, text: str, attrs: dict[str, Any]) -> None:
        super().__init__(attrs)
        self.text = text

    def value_from_datadict(self, data: Any, files: Any, name: str) -> str:
        return self.text

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        return super().get_context(PROMPT, value, attrs)


def field_name(number: int) -> str:
    """Return the name of a prompt in the form."""
    return f"{PROMPT}_{number}" if number else PROMPT


def _numbers(data: QueryDict) -> list[int]:
    return [*dict.fromkeys(int(one) for one in NUMBER.findall(data.get(NUMBERS, "0")))]


def _texts(data: QueryDict) -> dict[int, str]:
    # Browsers send line ends as CR LF; the prompt is what the editor typed.
    texts = [text.replace("\r\n", "\n") for text in data.getlist(PROMPT)] or [""]
    numbers = _numbers(data)
    return dict(zip(chain(numbers, count(max(numbers, default=-1) + 1)), texts, strict=False))
