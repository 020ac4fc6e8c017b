"""The tests' site, whose processes write one byte into a file for each query of the database."""

import os
from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from tests.settings import *  # noqa: F403

_FILE = os.open(
    os.environ["SORA_REMIX_TESTS_QUERIES"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600
)


def _count_queries(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    if _write not in connection.execute_wrappers:
        connection.execute_wrappers.append(_write)


def _write(execute: Callable[..., Any], *query: Any) -> Any:
    os.write(_FILE, b".")
    return execute(*query)


connection_created.connect(_count_queries)
