"""Users: their type, and foreign keys to them, as their table may be in another database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

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
