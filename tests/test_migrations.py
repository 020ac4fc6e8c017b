"""A site that has rows already keeps them right."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

BEFORE = [("sora_remix", "0001_initial")]


def _migrate(targets: list[tuple[str, str]]) -> Any:
    executor = MigrationExecutor(connection)
    executor.migrate(targets)
    return executor.loader.project_state(targets).apps


@pytest.fixture
def old(transactional_db: None) -> Iterator[Any]:
    """The models of the first migration, on a database that has no more than that."""
    yield _migrate(BEFORE)
    newest = [
        leaf
        for leaf in MigrationExecutor(connection).loader.graph.leaf_nodes()
        if leaf not in BEFORE
    ]
    _migrate(newest)


def test_what_was_made_before_learns_what_it_was_made_from_in_the_first_place(old: Any) -> None:
    first, second, third, _alone = (
        old.get_model("sora_remix", "Video").objects.create(title=title) for title in "abcd"
    )
    for source, result in ((first, second), (second, third)):
        old.get_model("sora_remix", "Remix").objects.create(
            source=source, result=result, endpoint="sora-2", status="succeeded"
        )

    new = _migrate([("sora_remix", "0003_fill_root")])

    roots = dict(new.get_model("sora_remix", "Video").objects.values_list("title", "root"))
    assert roots == {"a": None, "b": first.pk, "c": first.pk, "d": None}
