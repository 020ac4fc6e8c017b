"""A part for another package says which extra it needs, also where that package is missing."""

from __future__ import annotations

import subprocess
import sys

import pytest
from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured

from tests.docs import ROOT

LISTS_IMPORTS = """
import sys
import sora_remix.contrib.%s.apps
others = ("wagtail", "django_filters", "cms", "sekizai")
print([name for name in sys.modules if name.split(".")[0] in others])
"""
PARTS = pytest.mark.parametrize("part", ["cms", "wagtail"])


@PARTS
def test_missing_package_is_named_with_its_extra(
    part: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, part, None)

    with pytest.raises(ImproperlyConfigured, match=rf"sora-remix\[{part}\]"):
        AppConfig.create(f"sora_remix.contrib.{part}")


@PARTS
def test_nothing_of_a_package_is_imported_before_it_is_known_to_be_there(part: str) -> None:
    code = LISTS_IMPORTS % part
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
