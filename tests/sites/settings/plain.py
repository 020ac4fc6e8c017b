"""One database, as in the README."""

import os
from typing import Any

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

SORA_REMIX_ENDPOINT = "flux-3"
SORA_REMIX_FAL_API_URL = f"https://{os.environ['FAL_QUEUE_RUN_HOST']}/v1"


def beside(name: str, **more: Any) -> dict[str, Any]:
    """Return a database of the same kind beside the default one."""
    default = DATABASES["default"]
    return {**default, "NAME": f"{default['NAME']}_{name}", "TEST": {}, **more}


def replica_of(alias: str) -> dict[str, Any]:
    """Return a copy of another database, which is never migrated itself."""
    return {**beside(f"{alias}_replica"), "TEST": {"MIRROR": alias}}
