"""Each request runs in a transaction."""

from tests.sites.settings.plain import *  # noqa: F403
from tests.sites.settings.plain import DATABASES

DATABASES["default"]["ATOMIC_REQUESTS"] = True
