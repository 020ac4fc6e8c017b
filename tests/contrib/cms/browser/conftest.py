"""A real browser on the site. The pages of django CMS have inline scripts, so no policy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from pytest_django.live_server_helper import LiveServer

from tests.browser.fixtures import (
    browser,
    page,
    pages,
    pytest_runtest_makereport,
    running_site,
    site,
    watched,
)

if TYPE_CHECKING:
    from django.contrib.auth.models import User

__all__ = [
    "browser",
    "page",
    "pages",
    "pytest_runtest_makereport",
    "running_site",
    "site",
    "watched",
]


@pytest.fixture
def editor(site: LiveServer) -> User:
    """An editor with the permissions of the docs."""
    from tests.sites.cms.people import make_editor

    return make_editor()
