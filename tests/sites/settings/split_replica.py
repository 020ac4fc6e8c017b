"""Three databases, of which two have a replica that lags."""

from tests.sites.settings.plain import replica_of
from tests.sites.settings.split import *  # noqa: F403
from tests.sites.settings.split import DATABASES

DATABASES |= {
    "replica": replica_of("default"),
    "videos_replica": replica_of("videos"),
}
DATABASE_ROUTERS = ["tests.sites.routers.SplitReplicaRouter"]
