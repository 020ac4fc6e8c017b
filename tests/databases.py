"""Databases for runs outside pytest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager


@contextmanager
def scratch_postgresql(purpose: str, *beside: str) -> Iterator[None]:
    """Make a PostgreSQL database and have the tests' settings use it; drop it at the end.

    More are made `beside` it, under its name with an ending.
    """
    import psycopg

    host, user = os.environ.get("PGHOST", "127.0.0.1"), os.environ.get("PGUSER", "postgres")
    name = f"sora_remix_{purpose}_{os.getpid()}"
    os.environ |= {"TEST_DATABASE": "postgresql", "SORA_REMIX_TESTS_DATABASE": name}
    names = [name, *(f"{name}_{one}" for one in beside)]
    with psycopg.connect(host=host, user=user, dbname="postgres", autocommit=True) as server:
        for one in names:
            server.execute(f"CREATE DATABASE {one}".encode())
        try:
            yield
        finally:
            for one in names:
                server.execute(f"DROP DATABASE {one} WITH (FORCE)".encode())


@contextmanager
def scratch_mysql(purpose: str, *beside: str) -> Iterator[None]:
    """Make a database on MariaDB or MySQL, as `scratch_postgresql` does there."""
    import MySQLdb

    host, user = os.environ.get("MYSQL_HOST", "127.0.0.1"), os.environ.get("MYSQL_USER", "root")
    password = os.environ.get("MYSQL_PWD", "")
    name = f"sora_remix_{purpose}_{os.getpid()}"
    os.environ |= {"TEST_DATABASE": "mysql", "SORA_REMIX_TESTS_DATABASE": name}
    names = [name, *(f"{name}_{one}" for one in beside)]
    with closing(MySQLdb.connect(host=host, user=user, password=password)) as server:
        cursor = server.cursor()
        for one in names:
            cursor.execute(f"CREATE DATABASE {one} CHARACTER SET utf8mb4")
        try:
            yield
        finally:
            for one in names:
                cursor.execute(f"DROP DATABASE {one}")


SCRATCH = {"postgresql": scratch_postgresql, "mysql": scratch_mysql}
"""By the value of `TEST_DATABASE`."""


@contextmanager
def empty_database(alias: str) -> Iterator[None]:
    """Give the tests' site another database, which has no tables: reading any fails."""
    from django.db import DEFAULT_DB_ALIAS, connections

    empty = {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:", "OPTIONS": {}}
    connections.settings[alias] = {**connections.settings[DEFAULT_DB_ALIAS], **empty}
    try:
        yield
    finally:
        connections[alias].close()
        del connections[alias]
        del connections.settings[alias]
