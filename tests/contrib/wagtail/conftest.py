"""A story on a Wagtail site, and its editor. Without `TEST_SITE=wagtail`, all of it is skipped."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.apps import apps
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User

RUNS = apps.is_installed("sora_remix.contrib.wagtail")
REASON = "needs TEST_SITE=wagtail and the extra “wagtail”"


class SkippedModule(pytest.Module):
    """A module that can't even be imported on another site."""

    def collect(self) -> Any:
        pytest.skip(REASON, allow_module_level=True)


def pytest_pycollect_makemodule(module_path: Path, parent: Any) -> pytest.Module | None:
    return None if RUNS else SkippedModule.from_parent(parent, path=module_path)


@pytest.fixture
def editor(db: None) -> User:
    """An editor with the permissions of the docs, who may publish pages."""
    from tests.sites.wagtail.people import make_editor

    return make_editor()


@pytest.fixture
def cms(client: Client, editor: User) -> Client:
    """The editor's browser."""
    client.force_login(editor)
    return client


@pytest.fixture
def home(db: None) -> Any:
    """The first page of the site."""
    from tests.sites.wagtail.content import make_home

    return make_home()
