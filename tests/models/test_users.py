"""Rows refer to users in any database, and keep nothing of deleted ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib.auth.models import Group
from django.db import connection
from django.db.models import ForeignKey
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.models import Remix
from sora_remix.models.users import (
    UserForeignKey,
    find_groups,
    find_users,
    forget_user,
    has_groups,
)
from tests.databases import empty_database
from tests.factories import make_remix
from tests.users import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def users_elsewhere(admin_user: User, settings: Settings) -> Iterator[None]:
    """Have Django look for users in a database that has none, unless it is told where they are."""
    with empty_database("videos"):
        settings.DATABASE_ROUTERS = []
        yield


def test_each_foreign_key_to_a_user_can_cross_databases() -> None:
    keys = [
        field
        for model in apps.get_app_config("sora_remix").get_models()
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is User
    ]

    assert len(keys) == 9
    for key in keys:
        assert isinstance(key, UserForeignKey), key
        assert key.deconstruct()[3]["db_constraint"] is False
        assert key.remote_field.on_delete is forget_user


def test_user_is_read_from_the_database_of_the_users(
    users_elsewhere: None, admin_user: User
) -> None:
    remix = make_remix(requested_by_id=admin_user.pk)
    row = Remix.objects.get()
    row._state.db = "videos"

    assert row.requested_by == admin_user
    assert remix.requested_by == admin_user


def test_users_of_many_rows_are_read_together(
    admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        make_remix(requested_by=admin_user)

    with django_assert_num_queries(2):
        remixes = list(Remix.objects.prefetch_related("requested_by"))
        assert {remix.requested_by for remix in remixes} == {admin_user}


def test_deleted_user_is_removed_from_rows(admin_user: User) -> None:
    remix = make_remix(requested_by=admin_user)

    admin_user.delete()

    remix.refresh_from_db()
    assert remix.requested_by_id is None


def test_missing_user_is_none(admin_user: User) -> None:
    make_remix(requested_by=admin_user)
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {User._meta.db_table}")

    assert Remix.objects.get().requested_by is None
    assert Remix.objects.prefetch_related("requested_by").get().requested_by is None


def test_users_and_their_groups_are_found_in_the_database_of_the_users(
    users_elsewhere: None, admin_user: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        found = find_users([admin_user.pk])

    assert found == {admin_user.pk: admin_user}
    assert find_groups([]) == []


@pytest.mark.skipif(not has_groups(), reason="Users of this site have no groups.")
def test_user_is_found_once_for_each_group(admin_user: User) -> None:
    alone = User.objects.create_user("alone")
    news, sport = (Group.objects.create(name=name) for name in ("News", "Sport"))
    admin_user.groups.set([news, sport])

    found = find_groups([admin_user.pk, alone.pk])

    assert sorted(found, key=str) == sorted(
        [
            (admin_user.pk, news.pk, "News"),
            (admin_user.pk, sport.pk, "Sport"),
            (alone.pk, None, None),
        ],
        key=str,
    )
