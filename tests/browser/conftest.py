"""A real browser, and a site whose policy forbids everything inline."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.models import User
from django.test import override_settings
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from tests.browser import policy
from tests.browser.fixtures import (
    browser,
    page,
    page_errors,
    pages,
    pytest_runtest_makereport,
    watched,
)

__all__ = ["browser", "page", "page_errors", "pages", "pytest_runtest_makereport", "watched"]


@pytest.fixture(scope="session")
def running_site(django_db_setup: None) -> Iterator[LiveServer]:
    """The site of the tests, with the policy on every response."""
    with override_settings(MIDDLEWARE=[policy.MIDDLEWARE, *django_settings.MIDDLEWARE]):
        server = LiveServer("localhost")
    yield server
    server.stop()


@pytest.fixture
def site(
    running_site: LiveServer, transactional_db: None, media_root: Path, settings: Settings
) -> LiveServer:
    """The site with an empty database and an empty storage."""
    settings.SECURE_CSP = policy.POLICY
    return running_site


@pytest.fixture
def editor(admin_user: User) -> User:
    """An editor who may do everything."""
    return admin_user
