"""Databases for runs outside pytest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def scratch_postgresql(purpose: str) -> Iterator[None]:
    """Make a PostgreSQL database and have the tests' settings use it; drop it at the end."""
    import psycopg

    host, user = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGUSER", "postgres")
    name = f"sora_remix_{purpose}_{os.getpid()}"
    os.environ |= {"TEST_DATABASE": "postgresql", "SORA_REMIX_TESTS_DATABASE": name}
    with psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True) as server:
        server.execute(f"CREATE DATABASE {name}".encode())
        try:
            yield
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
