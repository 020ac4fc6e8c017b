"""Rules that make the sandbox misbehave."""

import random
from dataclasses import asdict, dataclass, field
from typing import Any

_OWN_KEYS = ("on", "fault", "times", "chance", "match")


@dataclass
class Rule:
    """One misbehaviour: the calls it affects, how often, and the fault's parameters."""

    on: str
    fault: str
    times: int | None = None
    chance: float = 1.0
    match: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def from_json(cls, body: dict[str, Any]) -> "Rule":
        """Build a rule from the control API's flat object; raise TypeError for missing keys."""
        own = {key: body[key] for key in _OWN_KEYS if body.get(key) is not None}
        others = {key: value for key, value in body.items() if key not in _OWN_KEYS}
        return cls(**own, parameters=others)

    @property
    def name(self) -> str:
        """The rule's `label`, or else its fault, with the status that it answers if it has one."""
        said = self.parameters.get("label") or f"{self.fault} {self.parameters.get('status', '')}"
        return str(said).strip()

    def as_json(self) -> dict[str, Any]:
        """Return the flat object again, with `times` as what is left."""
        body: dict[str, Any] = asdict(self)
        parameters: dict[str, Any] = body.pop("parameters")
        return body | parameters

    def strikes(self, text: str) -> bool:
        """Decide whether the rule affects a call. Each hit uses up one of `times`."""
        if self.times == 0 or self.match not in text or random.random() >= self.chance:
            return False
        if self.times is not None:
            self.times -= 1
        return True


class Rules:
    """The active rules, in the order in which they were added."""

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> None:
        """Append a rule."""
        self._rules.append(rule)

    def clear(self) -> None:
        """Delete all rules."""
        self._rules.clear()

    def as_json(self) -> list[dict[str, Any]]:
        """Return the rules for the control API."""
        return [rule.as_json() for rule in self._rules]

    def take(self, on: str, text: str) -> Rule | None:
        """Return the first rule that applies."""
        return next((r for r in self._rules if r.on == on and r.strikes(text)), None)

    def take_all(self, on: str, text: str) -> dict[str, dict[str, Any]]:
        """Return the parameters of all faults that apply, by name."""
        taken: dict[str, dict[str, Any]] = {}
        for rule in self._rules:
            if rule.on == on and rule.fault not in taken and rule.strikes(text):
                taken[rule.fault] = rule.parameters
        return taken
