"""The app's tables and the broker's in separate databases."""

from tests.settings import Q_CLUSTER as QUEUE_OF_TESTS
from tests.sites.settings.plain import *  # noqa: F403
from tests.sites.settings.plain import DATABASES, beside

DATABASES |= {"videos": beside("videos"), "queue": beside("queue")}
DATABASE_ROUTERS = ["tests.sites.routers.SplitRouter"]
Q_CLUSTER = QUEUE_OF_TESTS | {"orm": "queue"}
