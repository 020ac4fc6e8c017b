"""Settings of these runs: those of the tests, with more workers and the sandbox's request list."""

import json
import os

from tests.settings import *  # noqa: F403
from tests.settings import Q_CLUSTER as QUEUE_OF_TESTS
from tests.settings import STORAGES as STORAGES_OF_TESTS

# A task may take less time than the app asks for: a slow result is stopped, a hung call killed.
Q_CLUSTER = (
    QUEUE_OF_TESTS
    | {"workers": 2, "timeout": 24, "retry": 40}
    | json.loads(os.environ.get("SORA_REMIX_CHAOS_QUEUE", "{}"))
)
SORA_REMIX_FAL_API_URL = f"https://{os.environ['FAL_QUEUE_RUN_HOST']}/v1"
STORAGES = STORAGES_OF_TESTS | {"default": {"BACKEND": "tests.chaos.storage.SlowStorage"}}
