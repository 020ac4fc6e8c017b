"""The app's database: its alias, transactions in it, and retries of conflicts.

The app reads from the database that it writes to. A replica lags: it lacks rows that were claimed
a moment ago, and a missing row would count as lost.
"""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial, wraps
from typing import Any, ParamSpec, TypeVar

from django.apps import apps
from django.db import DatabaseError, IntegrityError, connections, models, router, transaction
from django.utils.translation import gettext_lazy as _

from .exceptions import InvalidTransition, OpenTransaction

P = ParamSpec("P")
T = TypeVar("T")
Key = TypeVar("Key")
View = TypeVar("View", bound=Callable[..., Any])
Row = TypeVar("Row", bound=models.Model, covariant=True)

ROWS_PER_QUERY = 1000
"""How many rows one query writes or reads at most."""
KEYS_PER_QUERY = 10_000
"""How many rows one query names at most. SQLite takes 32,766 values unless it was built for more,
PostgreSQL 65,535 where the server binds them (https://www.sqlite.org/limits.html,
https://www.postgresql.org/docs/current/limits.html)."""
CONFLICT_SECONDS = 15.0
"""How long a decision is retried while others change the same rows."""
DUPLICATE_ATTEMPTS = 3
"""How often a decision that breaks a unique constraint is tried: the next try sees the row."""
SQLSTATES = ("40001", "40P01")
"""PostgreSQL's serialization_failure and deadlock_detected
(https://www.postgresql.org/docs/current/mvcc-serialization-failure-handling.html)."""
MYSQL_ERRORS = (1020, 1205, 1213)
"""Changed since it was read, lock wait timeout, and deadlock
(https://mariadb.com/kb/en/mariadb-error-codes/)."""
SQLITE_LOCKED = "is locked"
SHARED_LOCKS = {"postgresql": " FOR SHARE", "mysql": " LOCK IN SHARE MODE"}
"""Ends of a SELECT, which Django doesn't write, by database. SQLite locks as a whole
(https://www.postgresql.org/docs/current/sql-select.html,
https://mariadb.com/kb/en/lock-in-share-mode/)."""
_is_retrying: ContextVar[bool] = ContextVar("sora_remix_is_retrying", default=False)


def alias() -> str:
    """Return the alias of the database that the app's rows are written to."""
    return router.db_for_write(apps.get_model("sora_remix", "Remix"))


@contextmanager
def atomic(*, savepoint: bool = True) -> Iterator[None]:
    """Open a transaction in the app's database; also works as a decorator."""
    with transaction.atomic(using=alias(), savepoint=savepoint):
        yield


def on_commit(call: Callable[[], Any], *, robust: bool = True) -> None:
    """Call this when the app's transaction commits, or now if there is none."""
    transaction.on_commit(call, using=alias(), robust=robust)


def refuse_transaction() -> None:
    """Raise `OpenTransaction` if a later error could undo what is written from here on."""
    if in_transaction():
        raise OpenTransaction


def in_transaction() -> bool:
    """Return whether a later error could undo what is written to the app's database now."""
    connection = connections[alias()]
    return connection.in_atomic_block or not connection.get_autocommit()


def own_transactions(view: View) -> View:
    """Let a view manage its own transactions, even with `ATOMIC_REQUESTS`."""
    return transaction.non_atomic_requests(using=alias())(view)


def retry_conflicts(work: Callable[P, T]) -> Callable[P, T]:
    """Run a person's decision in one transaction, and retry it after a conflict.

    The database decides which transaction is first, at every isolation level: by a unique
    constraint, or by aborting the later one. The retry then finds what the first one wrote, and
    reports it. A decision inside another one is part of that. Raise `InvalidTransition` if the
    conflicts do not end, or inside a transaction of the caller, which only the caller can retry.
    """

    @wraps(work)
    def run(*args: P.args, **kwargs: P.kwargs) -> T:
        call = partial(_in_transaction, work, *args, **kwargs)
        if _is_retrying.get():
            return call()
        token = _is_retrying.set(True)
        try:
            return _tried(call)
        finally:
            _is_retrying.reset(token)

    return run


def _in_transaction(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    with atomic():
        return work(*args, **kwargs)


def _tried(call: Callable[[], T]) -> T:
    """Repeat a call until no other transaction conflicts with it."""
    end = time.monotonic() + (0 if in_transaction() else CONFLICT_SECONDS)
    duplicates = 0
    while True:
        try:
            return call()
        except DatabaseError as error:
            duplicates += isinstance(error, IntegrityError)
            if not is_conflict(error) or duplicates == DUPLICATE_ATTEMPTS:
                raise
            if time.monotonic() >= end:
                raise InvalidTransition(_TOO_LATE) from error
        time.sleep(random.uniform(0.01, 0.1))  # noqa: S311  (only to desynchronise)


_TOO_LATE = _(
    "Someone else is changing the same remixes right now. Nothing was requested and "
    "nothing is charged. Reload the page, then try again."
)


def is_conflict(error: DatabaseError) -> bool:
    """Return whether another transaction was first, so that a retry may help."""
    if isinstance(error, IntegrityError):
        return True
    cause = error.__cause__
    # psycopg calls it sqlstate, psycopg2 pgcode.
    if (getattr(cause, "sqlstate", None) or getattr(cause, "pgcode", None)) in SQLSTATES:
        return True
    return SQLITE_LOCKED in str(error) or error.args[:1] in [(code,) for code in MYSQL_ERRORS]


def key_parts(keys: Sequence[Key]) -> Iterator[Sequence[Key]]:
    """Yield these keys in parts that one query can name."""
    return (keys[at : at + KEYS_PER_QUERY] for at in range(0, len(keys), KEYS_PER_QUERY))


def insert(
    table: models.QuerySet[Any],
    rows: Iterable[models.Model],
    *,
    at_once: int = ROWS_PER_QUERY,
    ignore_conflicts: bool = False,
) -> None:
    """Insert new rows with as few queries as the database allows, so many with each."""
    with _all_values(table.db):
        table.bulk_create(rows, batch_size=at_once, ignore_conflicts=ignore_conflicts)


@contextmanager
def _all_values(using: str) -> Iterator[None]:
    """Let Django use all values that SQLite takes in one query, and not only 999 of them.

    Since Django 6.1, it does so by itself.
    """
    connection = connections[using]
    features: Any = connection.features
    is_fixed = isinstance(type(features).max_query_params, int)
    if connection.vendor != "sqlite" or not is_fixed:
        yield
        return
    connection.ensure_connection()
    usual = features.max_query_params
    features.max_query_params = connection.connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER)
    try:
        yield
    finally:
        features.max_query_params = usual


def read_shared(rows: models.QuerySet[Row]) -> list[Row]:
    """Read rows as they are committed now, and keep others from changing them meanwhile.

    Others can read them in the same way. Where an older snapshot hides a change, the database
    reads the change or aborts the transaction.
    """
    sql, params = rows.query.get_compiler(rows.db).as_sql()
    lock = SHARED_LOCKS.get(connections[rows.db].vendor, "")
    return list(rows.raw(sql + lock, params))


class PrimaryManager(models.Manager[Row]):
    """Read rows from the database that they are written to, unless `using()` names another."""

    def get_queryset(self) -> models.QuerySet[Row]:
        """Return all rows there, also those of a relation."""
        queryset = super().get_queryset()
        return queryset if self._db else queryset.using(alias())
