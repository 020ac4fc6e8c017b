"""The examinations of `manage.py sora_remix_doctor`."""

from __future__ import annotations

from .examination import OK, PROBLEM, WARNING, Examination, ReportLine, examine, examine_all

__all__ = ["OK", "PROBLEM", "WARNING", "Examination", "ReportLine", "examine", "examine_all"]
