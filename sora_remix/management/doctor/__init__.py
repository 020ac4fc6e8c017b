"""What `manage.py sora_remix_doctor` looks at, each part by itself."""

from __future__ import annotations

from .report import OK, PROBLEM, WARNING, Line, Part, examine, examine_all

__all__ = ["OK", "PROBLEM", "WARNING", "Line", "Part", "examine", "examine_all"]
