"""A page on a site made with django CMS, and its editor."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest
from django.core.cache import cache
from django.test import Client

if TYPE_CHECKING:
    from django.contrib.auth.models import User


@pytest.fixture(autouse=True)
def empty_cache() -> Iterator[None]:
    """Forget the pages that django CMS has cached."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture
def editor(db: None) -> User:
    """An editor with the permissions of the docs."""
    from tests.sites.cms.people import make_editor

    return make_editor()


@pytest.fixture
def cms(client: Client, editor: User) -> Client:
    """The editor's browser."""
    client.force_login(editor)
    return client


@pytest.fixture
def home(editor: User) -> Any:
    """The first page of the site, a draft."""
    from tests.sites.cms.content import make_home

    return make_home(editor)
