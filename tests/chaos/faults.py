"""Temporary faults of fal, at a fifth of the calls of every kind."""

from __future__ import annotations

from typing import Any

from example_project.fal_sandbox.process import SandboxProcess

Fault = tuple[str, float, dict[str, Any]]
"""Name, share of the calls, parameters."""

SLOWLY, ODDLY = "slowly", "oddly"
"""Words of prompts: their results come slowly, or the model fails with an odd error."""
REFUSAL = "chaos_refusal"
"""How the error codes of everything start that fal refuses or that fails there."""
ODD = "\ud83d \x00\x1b[2J\r\n\u202e Key sandbox-key Key sandbox\x00-key " + "x" * 100_000
"""A lone surrogate, NUL, what terminals obey, a turn of writing, the key, and 100 kB of it."""
NESTED = "[" * 100_000 + "]" * 100_000
"""JSON that is deeper than the stack."""
SLOW_BYTES, SLOW_SPEED = 3 * 1024**2, 130_000
"""Such a result takes 24 seconds: more than the tasks of these clusters may work."""


def _refusal(kind: str, text: str = "no") -> dict[str, Any]:
    return {"detail": [{"loc": ["body", "prompt"], "msg": text, "type": kind}]}


def _later(retry_after: str) -> Fault:
    headers, label = {"Retry-After": retry_after}, f"429 for {retry_after}"
    return "answer", 0.01, {"status": 429, "headers": headers, "label": label}


def _odd(share: float, body: object, status: int = 200) -> Fault:
    return "answer", share, {"status": status, "body": body, "label": "odd"}


SUBMIT: list[Fault] = [
    ("drop_before", 0.03, {}),
    ("drop_after", 0.03, {}),
    ("stall", 0.02, {"seconds": 2}),
    ("cut", 0.01, {}),
    ("garbage", 0.01, {}),
    ("answer", 0.05, {"status": 429, "headers": {"Retry-After": "1"}}),
    *map(_later, ("0", "-1", "inf", "nan", "1e20", "99999999999")),
    ("answer", 0.02, {"status": 500}),
    ("answer_after", 0.02, {"status": 502}),
    ("answer_after", 0.01, {"status": 200, "body": NESTED, "label": "nested"}),
    ("answer", 0.01, {"status": 422, "body": _refusal(REFUSAL)}),
    ("answer", 0.02, {"status": 422, "body": _refusal(REFUSAL + ODD, ODD)}),
    ("bomb", 0.01, {"megabytes": 100}),
    ("drip", 0.02, {"times": 1}),
    ("delay", 0.06, {"seconds": 3}),
]
ASK: list[Fault] = [
    ("drop_before", 0.04, {}),
    ("drop_after", 0.04, {}),
    ("stall", 0.02, {"seconds": 2}),
    ("cut", 0.02, {}),
    ("garbage", 0.02, {}),
    ("answer", 0.02, {"status": 429, "headers": {"Retry-After": "1e20"}}),
    ("answer", 0.02, {"status": 500}),
    ("answer", 0.02, {"status": 502, "body": "<center>nginx</center>"}),
    ("answer", 0.01, {"status": 200, "body": NESTED, "label": "nested"}),
    ("bomb", 0.005, {"megabytes": 100}),
    ("drip", 0.02, {"times": 2}),
    _odd(0.01, {"message": ODD}, status=503),
]
STATUS = [
    _odd(0.01, {"status": "IN_QUEUE", "queue_position": 10**30}, status=202),
    _odd(0.01, {"status": "IN_PROGRESS", "logs": [{"message": ODD}, ODD, None]}, status=202),
    *ASK,
]
ODD_ITEM = {"request_id": ODD, "sent_at": ODD, "json_input": [ODD]}
LIST = [_odd(0.1, {"items": [ODD_ITEM, None], "next_cursor": ODD, "has_more": True}), *ASK]
TOKEN = [_odd(0.2, {"base_url": ODD, "token_type": ODD, "token": ODD}), *ASK]
UPLOAD = [_odd(0.2, {"access_url": ODD}), *ASK]
FILE: list[Fault] = [
    ("drop_before", 0.04, {}),
    ("drop_after", 0.02, {}),
    ("stall", 0.02, {"seconds": 2}),
    ("cut", 0.06, {}),
    ("wrong_length", 0.03, {}),
    ("answer", 0.03, {"status": 503}),
    ("slow", 0.02, {"bytes_per_second": 20, "times": 2, "label": "drip"}),
]
PICTURE: list[Fault] = [
    ("bomb_picture", 0.05, {"side": 10_000}),
    ("bomb", 0.01, {"megabytes": 100}),
    *FILE,
]
JOB: list[Fault] = [
    ("long_id", 0.1, {"length": 200}),
    ("claim_seconds", 0.05, {"seconds": 2_400_000}),
]
FAILURE = {"http_status": 422, **_refusal(REFUSAL + ODD), "match": ODDLY}
PASSING: dict[str, list[Fault]] = {
    "submit": SUBMIT,
    "status": STATUS,
    "result": ASK,
    "cancel": ASK,
    "list": LIST,
    "token": TOKEN,
    "upload": UPLOAD,
    "download": FILE,
    "thumbnail": PICTURE,
    "spritesheet": PICTURE,
    "job": JOB,
}
LASTING: dict[str, list[Fault]] = {
    "job": [("fail", 1, FAILURE), ("pad_bytes", 1, {"bytes": SLOW_BYTES, "match": SLOWLY})],
    "download": [("slow", 1, {"bytes_per_second": SLOW_SPEED, "match": SLOWLY})],
}
"""What does not end with the storm."""

UNANSWERED = (
    "drop_before",
    "drop_after",
    "stall",
    "cut",
    "garbage",
    "answer 500",
    "answer_after 502",
    "nested",
    "bomb",
    "drip",
)
"""What happens to a submit after which nobody can know whether fal has it."""
REFUSED = "answer 422"


def let_loose(sandbox: SandboxProcess) -> None:
    """Have the sandbox misbehave from now on."""
    _add(sandbox, PASSING)
    _add(sandbox, LASTING)


def calm_down(sandbox: SandboxProcess) -> None:
    """Have the sandbox behave again; slow results stay slow."""
    sandbox.behave()
    _add(sandbox, LASTING)


def _add(sandbox: SandboxProcess, kinds: dict[str, list[Fault]]) -> None:
    for kind, faults in kinds.items():
        for fault, share, parameters in faults:
            sandbox.misbehave(kind, fault, chance=share, **parameters)
