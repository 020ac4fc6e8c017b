"""Everything that isn't written is read from a replica that lags."""

from tests.sites.settings.plain import *  # noqa: F403
from tests.sites.settings.plain import DATABASES, replica_of

DATABASES |= {"replica": replica_of("default")}
DATABASE_ROUTERS = ["tests.sites.routers.ReplicaRouter"]
