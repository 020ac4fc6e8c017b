"""Search for forbidden texts: control characters, half characters, the key."""

from __future__ import annotations

import os
from collections.abc import Iterator

from django.apps import apps
from django.db import models
from django_q.models import Task

KEY = os.environ["FAL_KEY"]
TEXTS = (models.CharField, models.TextField, models.JSONField)
LONGEST = 2000
"""Characters of a text that is kept of what fal said."""


def unclean_rows() -> Iterator[str]:
    """Name each column that holds such a text, with the first of its rows."""
    for model in apps.get_app_config("sora_remix").get_models():
        for field in model._meta.concrete_fields:
            if isinstance(field, TEXTS):
                yield from _unclean_column(model, field.name)
    if any(KEY in str(task.result) for task in Task.objects.all()):
        yield "the key is in the result of a task"


def unclean_log(log: str) -> Iterator[str]:
    """Tell whether the workers wrote the key, or what a terminal obeys."""
    if KEY in log:
        yield "the key is in the workers' log"
    lines = (line.replace("\t", "") for line in log.split("\n"))
    if bad := [line for line in lines if not line.isprintable()]:
        yield f"the workers' log has {bad[0][:200]!a}, and {len(bad) - 1} others"


def _unclean_column(model: type[models.Model], name: str) -> Iterator[str]:
    rows = model._default_manager.values_list("pk", name)
    bad = [(pk, text) for pk, value in rows for text in _strings(value) if not _is_clean(text)]
    if bad:
        pk, text = bad[0]
        where = f"{model._meta.label} {pk}, and {len(bad) - 1} others"
        yield f"{name} of {where} has {text[:200]!a} ({len(text)} characters)"


def _strings(value: object) -> Iterator[str]:
    """Yield all texts in a value, names of members included."""
    match value:
        case str():
            yield value
        case dict():
            for name, member in value.items():
                yield from (name, *_strings(member))
        case list():
            for member in value:
                yield from _strings(member)


def _is_clean(text: str) -> bool:
    return text.isprintable() and KEY not in text and len(text) <= LONGEST
