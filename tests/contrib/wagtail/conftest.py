"""A story on a Wagtail site, and its editor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User


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
