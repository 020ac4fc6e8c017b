"""How fal misbehaves: at a fifth of the calls of every kind, in ways that pass."""

from __future__ import annotations

from typing import Any

from example_project.fal_sandbox.process import SandboxProcess

Fault = tuple[str, float, dict[str, Any]]
"""Name, share of the calls, parameters."""

REFUSAL = {"detail": [{"loc": ["body", "prompt"], "msg": "no", "type": "chaos_refusal"}]}
SUBMIT: list[Fault] = [
    ("drop_before", 0.03, {}),
    ("drop_after", 0.03, {}),
    ("stall", 0.02, {"seconds": 2}),
    ("cut", 0.01, {}),
    ("garbage", 0.01, {}),
    ("answer", 0.05, {"status": 429, "headers": {"Retry-After": "1"}}),
    ("answer", 0.02, {"status": 500}),
    ("answer_after", 0.02, {"status": 502}),
    ("answer", 0.01, {"status": 422, "body": REFUSAL}),
    ("delay", 0.06, {"seconds": 3}),
]
ASK: list[Fault] = [
    ("drop_before", 0.04, {}),
    ("drop_after", 0.04, {}),
    ("stall", 0.02, {"seconds": 2}),
    ("cut", 0.02, {}),
    ("garbage", 0.02, {}),
    ("answer", 0.02, {"status": 429, "headers": {"Retry-After": "1"}}),
    ("answer", 0.02, {"status": 500}),
    ("answer", 0.02, {"status": 502, "body": "<center>nginx</center>"}),
]
DOWNLOAD: list[Fault] = [
    ("drop_before", 0.04, {}),
    ("drop_after", 0.02, {}),
    ("stall", 0.02, {"seconds": 2}),
    ("cut", 0.06, {}),
    ("wrong_length", 0.03, {}),
    ("answer", 0.03, {"status": 503}),
]
KINDS = {
    "submit": SUBMIT,
    **dict.fromkeys(("status", "result", "list", "cancel", "token", "upload"), ASK),
    **dict.fromkeys(("download", "thumbnail", "spritesheet"), DOWNLOAD),
}

UNANSWERED = (
    "drop_before",
    "drop_after",
    "stall",
    "cut",
    "garbage",
    "answer 500",
    "answer_after 502",
)
"""What happens to a submit after which nobody can know whether fal has it."""
REFUSED = "answer 422"


def let_loose(sandbox: SandboxProcess) -> None:
    """Have the sandbox misbehave from now on."""
    for kind, faults in KINDS.items():
        for fault, share, parameters in faults:
            sandbox.misbehave(kind, fault, chance=share, **parameters)
