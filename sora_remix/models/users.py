"""Users: their type, keys to them and queries for them: their table may be in another database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist
from django.db import models, router
from django.db.models.deletion import Collector
from django.db.models.fields.related_descriptors import ForwardManyToOneDescriptor

from ..database import alias

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

    User = AbstractBaseUser | AnonymousUser
    ToOneDescriptor = ForwardManyToOneDescriptor[Any]
else:
    ToOneDescriptor = ForwardManyToOneDescriptor

SetType = TypeVar("SetType")
GetType = TypeVar("GetType")


def forget_user(
    collector: Collector, field: models.Field[Any, Any], rows: models.QuerySet[Any], using: str
) -> None:
    """Clear references to a deleted user in the app's database (an `on_delete`)."""
    models.SET_NULL(collector, field, rows.using(alias()), using)


forget_user.lazy_sub_objs = True  # type: ignore[attr-defined]  # as `SET_NULL`: no rows are read


class UserDescriptor(ToOneDescriptor):
    """Read a user from the users' database; a missing user is None."""

    def get_queryset(self, **_hints: Any) -> models.QuerySet[Any]:
        """Return all users; Django itself would use the database of the row."""
        users = self.field.remote_field.model
        queryset: models.QuerySet[Any] = users._base_manager.using(router.db_for_read(users))
        return queryset

    def get_object(self, instance: models.Model) -> Any:
        """Return the user of a row, or None."""
        try:
            return super().get_object(instance)
        except ObjectDoesNotExist:
            return None


class UserForeignKey(models.ForeignKey[SetType, GetType]):
    """Refer to a user without a database constraint or joins; use `prefetch_related`."""

    forward_related_accessor_class = UserDescriptor

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Take the key of what a form has chosen: rows of two databases may not be related."""
        setattr(instance, self.attname, data.pk if data else None)


def find_users(pks: Iterable[Any]) -> dict[Any, Any]:
    """Return users by primary key, in one query of their database; missing ones are left out."""
    users = get_user_model()
    return users._base_manager.using(router.db_for_read(users)).in_bulk([*pks])


def has_groups() -> bool:
    """Tell whether users of this site can belong to groups."""
    return any(field.name == "groups" for field in get_user_model()._meta.many_to_many)


def find_groups(pks: Iterable[Any]) -> list[tuple[Any, int | None, str | None]]:
    """Return the groups of these users as primary keys of users and groups, with their names.

    A user in two groups is there twice; one in no group is there without one.
    """
    users = get_user_model()
    found = users._base_manager.using(router.db_for_read(users)).filter(pk__in=[*pks])
    return list(found.order_by("pk").values_list("pk", "groups__pk", "groups__name"))
