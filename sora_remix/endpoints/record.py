"""The record of an endpoint: what a request holds, which options it takes, what it costs.

Request bodies are built from the record alone: nothing is sent that it does not name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from ..exceptions import Reason, RequestRefused
from .audio import Audio
from .clip import Clip
from .measure import SECONDS
from .option import UNSET, Option, is_set
from .price import Price, shorter
from .references import References, is_url
from .source import Source
from .values import Count, Day, JSONFields, Name, Names, Text

MOST_IN_PROMPT = 20_000
"""Characters of a prompt where a record has no limit of its own."""


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """Under which keys the result holds what."""

    video: Name = "video"
    sora_id: str = ""
    thumbnail: str = ""
    spritesheet: str = ""


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One fal endpoint that makes a video from a video and a prompt."""

    key: Name
    """Stable name, stored with each remix."""
    endpoint_id: Name
    """fal's id: the path that is posted to."""
    label: Text
    vendor: str = ""
    """Who made the model."""
    source: Source
    price: Price
    prompt_param: Name = "prompt"
    prompt_max: Count | None = None
    prompt_hint: Text = ""
    """What to write, for editors."""
    references: References | None = None
    options: tuple[Option, ...] = ()
    constants: JSONFields = field(default_factory=dict)
    """Sent with every request, as they are."""
    ignored: Names = ()
    """What the endpoint takes as well and is left out on purpose."""
    audio: Audio = field(default_factory=lambda: Audio(policy="unknown"))
    outputs: Outputs = field(default_factory=Outputs)
    deletes_result: str = ""
    """Option that, when true, has the provider forget the result: it can't be a source."""
    ends_on: Day | None = None
    """The day the provider switches it off."""
    successor: str = ""
    """Key of the record to use instead."""
    typical_seconds: Count = 120
    note: Text = ""
    doc_url: str = ""
    checked_on: Day | None = None

    def __str__(self) -> str:
        return str(self.label)

    def is_retired(self, today: date) -> bool:
        """Tell whether its provider has switched it off."""
        return self.ends_on is not None and self.ends_on <= today

    def refusal(self, clip: Clip) -> Text | None:
        """Say why this video can't be remixed here, if it can't."""
        return self.source.refusal(clip)

    def warnings(self, clip: Clip, options: Mapping[str, Any] = {}) -> list[Text]:
        """List what will be cut off this video, and why it may be refused."""
        warnings = self.source.warnings(clip)
        used = shorter(clip.duration, self.source.cut_at_seconds)
        output = self._output_seconds(clip, options)
        if used is not None and output is not None and output < used:
            message = _("The result is only %(limit)s long.")
            warnings.append(message % {"limit": SECONDS.with_unit(output)})
        return warnings

    def limits(self) -> list[Text]:
        """List which videos are accepted, in short statements."""
        return self.source.limits()

    def sound(self, options: Mapping[str, Any]) -> Text:
        """Say how the sound is treated with these options."""
        return self.audio.sentence(self.complete(options))

    def sound_note(self, options: Mapping[str, Any]) -> Text:
        """Say the same in two or three words."""
        return self.audio.note(self.complete(options))

    def estimate(self, clip: Clip, options: Mapping[str, Any] = {}) -> Decimal | None:
        """Estimate the cost of remixing this video, in US dollars; None when unknown."""
        return self.estimate_length(clip.duration, options)

    def estimate_length(
        self, seconds: Decimal | None, options: Mapping[str, Any] = {}
    ) -> Decimal | None:
        """Estimate the same for a video of this length: nothing else decides the cost."""
        cut_at = self.source.cut_at_seconds
        return self.price.estimate(seconds, self.complete(options), cut_at=cut_at)

    def most_cost(self, clip: Clip, options: Mapping[str, Any] = {}) -> Decimal | None:
        """Return the largest possible cost of remixing this video, in US dollars.

        An unknown length is the longest that is accepted. Return None where there is no limit.
        """
        return self.most_cost_of_length(clip.duration, options)

    def most_cost_of_length(
        self, seconds: Decimal | None, options: Mapping[str, Any] = {}
    ) -> Decimal | None:
        """Return the same for a video of this length: nothing else decides the cost."""
        most = self.source.longest_seconds if seconds is None else seconds
        cut_at = self.source.cut_at_seconds
        return self.price.most(most, self.complete(options), cut_at=cut_at)

    def prompt_problem(self, prompt: str) -> Text | None:
        """Say why this prompt can't be sent, if it can't."""
        if not prompt.strip():
            return _("The prompt is empty.")
        if len(prompt) > self.prompt_limit:
            return _("The prompt is longer than %(most)d characters.") % {"most": self.prompt_limit}
        return None

    @property
    def prompt_limit(self) -> int:
        """Return the most characters a prompt may have, also where the provider names no limit."""
        return MOST_IN_PROMPT if self.prompt_max is None else self.prompt_max

    def option_problems(self, options: Mapping[str, object]) -> list[Reason]:
        """List the options and references that can't be sent, each with the reason."""
        problems = ((name, self._problem(name, value)) for name, value in options.items())
        reasons = [Reason(name, problem) for name, problem in problems if problem]
        return reasons + self._exclusions(self.complete(options))

    def complete(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Complete the options as they will be sent: what was chosen, else our defaults.

        References stand among them as they were given, unless there are none.
        """
        chosen = {option.name: options.get(option.name, option.default) for option in self.options}
        if self.references and options.get(self.references.param):
            chosen[self.references.param] = options[self.references.param]
        return {name: value for name, value in chosen.items() if value is not UNSET}

    def files(self, options: Mapping[str, Any]) -> list[str]:
        """List the names in the storage that need a URL before these options can be sent."""
        return self.references.names(self._images(options)) if self.references else []

    def arguments(
        self,
        clip: Clip,
        prompt: str,
        options: Mapping[str, Any],
        *,
        source_url: str = "",
        urls: Mapping[str, str] = {},
    ) -> dict[str, Any]:
        """Build the body of the request, where `urls` replaces names in the storage.

        Raise `RequestRefused` when the video, or a reference, can't be sent.
        """
        if refusal := self.refusal(clip):
            raise RequestRefused([Reason("videos", refusal)])
        source = clip.sora_id if self.source.kind == "sora_id" else source_url
        if not source:
            raise RequestRefused([Reason("videos", _("Its file has no URL yet."))])
        return {
            **self.constants,
            self.source.param: [source] if self.source.as_list else source,
            self.prompt_param: prompt,
            **self.complete(options),
            **self._sent_references(options, urls),
        }

    def forgets(self, options: Mapping[str, Any]) -> bool:
        """Tell whether the provider deletes the result of a remix with these options."""
        return options.get(self.deletes_result) is True

    def _output_seconds(self, clip: Clip, options: Mapping[str, Any]) -> Decimal | int | None:
        cut_at = self.source.cut_at_seconds
        return self.price.output_seconds(clip.duration, self.complete(options), cut_at=cut_at)

    def _problem(self, name: str, value: object) -> Text | None:
        known = {option.name: option for option in self.options}
        if self.references and name == self.references.param:
            return None if value is UNSET else self.references.problem(value)
        if name in known:
            return None if value is UNSET else known[name].problem(value)
        message = _("“%(endpoint)s” has no option “%(name)s”.")
        return message % {"endpoint": self.label, "name": name}

    def _exclusions(self, sent: Mapping[str, object]) -> list[Reason]:
        message = _("“%(name)s” can't be set together with “%(other)s”.")
        return [
            Reason(option.name, message % {"name": option.name, "other": other})
            for option in self.options
            for other in option.excludes
            if is_set(sent.get(option.name)) and is_set(sent.get(other))
        ]

    def _sent_references(
        self, options: Mapping[str, Any], urls: Mapping[str, str]
    ) -> dict[str, Any]:
        """Return the references under their wire name, each by its URL; nothing without any."""
        images = self._images(options)
        if not self.references or not images:
            return {}
        problem = self.references.problem(images)
        if not problem and any(name not in urls for name in self.files(options)):
            problem = _("A reference image has no URL yet.")
        if problem:
            raise RequestRefused([Reason(self.references.param, problem)])
        sent = [image if is_url(image) else urls[image] for image in images]
        return {self.references.param: sent if self.references.as_list else sent[0]}

    def _images(self, options: Mapping[str, Any]) -> Any:
        return self.complete(options).get(self.references.param) if self.references else None
