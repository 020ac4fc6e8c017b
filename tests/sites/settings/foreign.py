"""No time zones, users with UUIDs, and a separate admin below the language of the reader."""

import os

os.environ["TEST_SITE"] = "foreign"

from tests.sites.settings.plain import *  # noqa: F403
