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
import sora_remix.contrib.wagtail.apps
print([name for name in sys.modules if name.split(".")[0] in ("wagtail", "django_filters")])
"""


def test_missing_wagtail_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wagtail", None)

    with pytest.raises(ImproperlyConfigured, match=r"sora-remix\[wagtail\]"):
        AppConfig.create("sora_remix.contrib.wagtail")


def test_nothing_of_wagtail_is_imported_before_it_is_known_to_be_there() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LISTS_IMPORTS], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == "[]"
