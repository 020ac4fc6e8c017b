"""django-q2 runs tasks inside the call that enqueues them, until that is switched off."""

import os

from tests.settings import Q_CLUSTER as QUEUE_OF_TESTS
from tests.sites.settings.plain import *  # noqa: F403

Q_CLUSTER = QUEUE_OF_TESTS | {"sync": os.environ["SORA_REMIX_SITES_SYNC"] == "on"}
