"""Typical database routers, and a guard against reads from replicas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import Model
from django.dispatch import receiver

HOMES = {"sora_remix": "videos", "django_q": "queue"}


class SplitRouter:
    """Give the app and the broker a database each, and leave the rest to Django."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str | None:
        return HOMES.get(model._meta.app_label)

    def db_for_write(self, model: type[Model], **_hints: Any) -> str | None:
        return HOMES.get(model._meta.app_label)

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return db == HOMES.get(app_label, "default")


class ReplicaRouter:
    """Read from the replica and write to the primary, as Django's documentation shows it."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        return "replica"

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        return "default"

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        return True


class SplitReplicaRouter:
    """Read from the replicas of two databases."""

    def db_for_read(self, model: type[Model], **_hints: Any) -> str:
        replicas = {"sora_remix": "videos_replica", "django_q": "queue"}
        return replicas.get(model._meta.app_label, "replica")

    def db_for_write(self, model: type[Model], **_hints: Any) -> str:
        return HOMES.get(model._meta.app_label, "default")

    def allow_relation(self, one: Model, other: Model, **_hints: Any) -> bool:
        return True

    def allow_migrate(self, db: str, app_label: str, **_hints: Any) -> bool:
        return db == HOMES.get(app_label, "default")


@receiver(connection_created)
def guard(connection: BaseDatabaseWrapper, **_signal: Any) -> None:
    """Let whatever reads the app's tables from a replica fail, in every process."""
    if connection.alias.endswith("replica"):
        connection.execute_wrappers.append(_refuse)


def _refuse(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
    assert "sora_remix_" not in sql, f"This was read from a replica: {sql}"
    return execute(sql, *rest)
