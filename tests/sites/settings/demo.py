"""The site that `TEST_SITE` names, to start by hand: `manage.py demo --site NAME`."""

from tests.sites.settings.plain import *  # noqa: F403

DEBUG = True  # so that runserver serves files. The site listens only on loopback.
