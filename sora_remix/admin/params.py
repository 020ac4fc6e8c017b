"""Primary keys and texts from URLs and forms; a wrong one is a 400 or 404, never a 500."""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import chain
from typing import Any

from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import BadRequest
from django.http import HttpRequest, QueryDict
from django.urls import register_converter
from django.urls.converters import IntConverter

HIGHEST = 2**63 - 1
"""The largest integer that a primary key or another column can hold."""
MOST = 2000
"""Primary keys in one list, unless the caller accepts more."""
NUMBER = re.compile(r"[0-9]{1,19}")
SPAN = re.compile(r"([0-9]{1,19})(?:-([0-9]{1,19}))?")
REVISION = re.compile(r"([0-9]{1,19}):([A-Za-z0-9_-]{12})")
LONG = re.compile(r"\d{19,}")


def parse_pk(text: str | None) -> int | None:
    """Return a primary key; None for a text that can't be one."""
    if not text or not NUMBER.fullmatch(text):
        return None
    return found if (found := int(text)) <= HIGHEST else None


def parse_pks(texts: Iterable[str], *, name: str, most: int = MOST) -> list[int]:
    """Return distinct primary keys; raise `BadRequest` for anything else, or for too many."""
    found = dict.fromkeys(map(parse_pk, texts))
    if None in found:
        raise BadRequest(f"`{name}` must be primary keys, separated by commas.")
    if len(found) > most:
        raise BadRequest(f"`{name}` must not be more than {most}.")
    return [pk for pk in found if pk is not None]


def parse_pk_ranges(text: str, *, name: str, most: int = MOST) -> list[int]:
    """Return primary keys written as numbers and ranges, such as 1,3,7-20."""
    found: list[int] = []
    for part in filter(None, text.split(",")):
        match = SPAN.fullmatch(part)
        first, last = (
            (parse_pk(match[1]), parse_pk(match[2] or match[1])) if match else (None, None)
        )
        if first is None or last is None:
            raise BadRequest(f"`{name}` must be primary keys, separated by commas.")
        if len(found) + last - first >= most:
            raise BadRequest(f"`{name}` must not be more than {most}.")
        found += range(first, last + 1)
    return found


def parse_revisions(text: str, *, name: str) -> dict[int, str]:
    """Return the revision that was shown by primary key, from a text such as 1:xxx,2:yyy."""
    found: dict[int, str] = {}
    for part in filter(None, text.split(",")):
        match = REVISION.fullmatch(part)
        if not match or (pk := parse_pk(match[1])) is None:
            raise BadRequest(f"`{name}` must be primary keys, each with a revision after a colon.")
        found[pk] = match[2]
    return found


def read_text(data: QueryDict, name: str, *, most: int) -> str:
    """Return a stripped and truncated text; raise `BadRequest` for NUL, which databases refuse."""
    value = data.get(name, "").strip()
    if "\0" in value:
        raise BadRequest(f"`{name}` must be text.")
    return value[:most]


class PrimaryKeyConverter(IntConverter):
    """Match primary keys in URLs; any other number is not found."""

    def to_python(self, value: str) -> int:
        """Return a primary key; raise `ValueError` for a number that can't be one."""
        if (pk := parse_pk(value)) is None:
            raise ValueError(value)
        return pk


register_converter(PrimaryKeyConverter, "sora_remix_key")


class CheckedParametersMixin:
    """Refuse parameters of a changelist that no database can compare with."""

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Refuse NUL, and numbers and primary keys that don't fit into a column."""
        values = chain(request.GET, *(values for _name, values in request.GET.lists()))
        if not all(map(_fits, values)):
            raise IncorrectLookupParameters
        chosen = request.POST.getlist(ACTION_CHECKBOX_NAME)
        parse_pks(chosen, name=ACTION_CHECKBOX_NAME, most=len(chosen))
        return super().get_changelist_instance(request)  # type: ignore[misc]


def _fits(value: str) -> bool:
    return "\0" not in value and all(map(parse_pk, LONG.findall(value)))
