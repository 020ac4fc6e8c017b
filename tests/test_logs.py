"""Each log record is one line, whatever it contains."""

from __future__ import annotations

import logging
import re
from pathlib import Path

import pytest

import sora_remix
from sora_remix.logs import MOST_LOGGED, get_logger

PACKAGE = Path(sora_remix.__file__).parent


@pytest.mark.parametrize(
    ("value", "logged"),
    [
        ("a\nCRITICAL forged", "a CRITICAL forged"),
        ("a\r\n\x1b[2Jb\u202e\u2028c\ud800", "a [2Jb c"),
        (ValueError("two\nlines"), "two lines"),
        ("x" * 5000, "x" * MOST_LOGGED),
        (7, "7"),
    ],
)
def test_value_is_logged_as_one_line(
    caplog: pytest.LogCaptureFixture, value: object, logged: str
) -> None:
    get_logger("sora_remix.tests").warning("It says: %s", value)

    assert caplog.messages == [f"It says: {logged}"]


def test_record_names_the_line_that_logged_it(caplog: pytest.LogCaptureFixture) -> None:
    get_logger("sora_remix.tests").error("%s", "x")

    assert (caplog.records[0].filename, caplog.records[0].levelno) == (
        "test_logs.py",
        logging.ERROR,
    )


def test_app_logs_only_through_this_module() -> None:
    others = [
        path.name
        for path in PACKAGE.rglob("*.py")
        if path.name != "logs.py" and re.search(r"logging\.(getLogger|\w+\()", path.read_text())
    ]

    assert others == []
