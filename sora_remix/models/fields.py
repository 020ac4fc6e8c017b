"""Text columns that every database compares exactly, including trailing spaces."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import lookups

if TYPE_CHECKING:
    from django.db.backends.base.base import BaseDatabaseWrapper

    Base = models.Field[Any, Any]
    BuiltinLookup = lookups.BuiltinLookup[Any]
else:
    Base = object
    BuiltinLookup = lookups.BuiltinLookup

MARIADB_COLLATION = "utf8mb4_nopad_bin"
"""https://mariadb.com/kb/en/supported-character-sets-and-collations/"""
MYSQL_COLLATION = "utf8mb4_0900_bin"
"""Since MySQL 8.0.17 (https://dev.mysql.com/doc/refman/8.4/en/charset-unicode-sets.html)."""


def exact_collation(connection: BaseDatabaseWrapper) -> str | None:
    """Return the collation for exact comparison, or None for the database's own.

    MySQL and MariaDB ignore case, accents and trailing spaces by default, and treat different
    emoji as equal. PostgreSQL and SQLite compare exactly.
    """
    if connection.vendor != "mysql":
        return None
    is_mariadb: bool = connection.mysql_is_mariadb  # type: ignore[attr-defined]
    return MARIADB_COLLATION if is_mariadb else MYSQL_COLLATION


class ExactMixin(Base):
    """Compare text exactly on every database; lookups like `icontains` still ignore case."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        """Return the type of the column with its collation."""
        return {**super().db_parameters(connection), "collation": exact_collation(connection)}


class BlankAsNullMixin(Base):
    """Store a blank text as NULL and read NULL as a blank text.

    A unique constraint then allows any number of blank ones, even on databases without
    conditional constraints. Find them by `""` or `isnull`; `__in` never finds them.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"blank": True, "default": "", **kwargs, "null": True})

    def formfield(self, **options: Any) -> Any:
        """Return a form field that gives a blank text, as reading the row does."""
        return super().formfield(**{"empty_value": "", **options})

    def get_db_prep_save(self, value: Any, connection: BaseDatabaseWrapper) -> Any:
        """Return NULL for a blank text."""
        return super().get_db_prep_save(None if value == "" else value, connection)

    def from_db_value(self, value: str | None, *_: object) -> str:
        """Return a blank text for NULL."""
        return value or ""


if TYPE_CHECKING:
    ExactCharField = models.CharField
    ExactTextField = models.TextField
    BlankAsNullCharField = models.CharField
else:

    class ExactCharField(ExactMixin, models.CharField):
        """A `CharField` that every database compares exactly."""

    class ExactTextField(ExactMixin, models.TextField):
        """A `TextField` that every database compares exactly."""

    class BlankAsNullCharField(BlankAsNullMixin, ExactCharField):
        """An `ExactCharField` that is NULL in the database while it is blank."""


class BlankExact(lookups.Exact):
    """Find NULL when a blank text is searched for."""

    def get_prep_lookup(self) -> Any:
        """Return None for a blank text, which Django compares with `IS NULL`."""
        value = super().get_prep_lookup()
        return None if value == "" else value


BlankAsNullCharField.register_lookup(BlankExact)


class UniqueUnlessBlank(models.UniqueConstraint):
    """A unique constraint on `BlankAsNullCharField`s, whose validation ignores blank texts."""

    def deconstruct(self) -> Any:
        """Appear as a plain constraint in migrations; it is the same in the database."""
        _path, args, kwargs = super().deconstruct()
        return "django.db.models.UniqueConstraint", args, kwargs

    def validate(
        self, model: type[models.Model], instance: models.Model, *args: Any, **kwargs: Any
    ) -> None:
        """Raise `ValidationError` if another row has the same text."""
        if all(getattr(instance, name) for name in self.fields):
            super().validate(model, instance, *args, **kwargs)


class CaseIgnored(BuiltinLookup):
    """Ignore case on MySQL and MariaDB, where the exact collation respects it."""

    def process_lhs(self, compiler: Any, connection: Any, lhs: Any = None) -> tuple[str, Any]:
        """Compare the column in lower case."""
        return _lowered(connection, *super().process_lhs(compiler, connection, lhs))

    def process_rhs(self, compiler: Any, connection: Any) -> tuple[str, Any]:
        """Compare with the text in lower case."""
        return _lowered(connection, *super().process_rhs(compiler, connection))


def _lowered(connection: Any, sql: str, params: Any) -> tuple[str, Any]:
    return (f"LOWER({sql})" if connection.vendor == "mysql" else sql), params


IGNORING_CASE: Sequence[type[Any]] = (
    lookups.IContains,
    lookups.IEndsWith,
    lookups.IExact,
    lookups.IStartsWith,
)
for field in (ExactCharField, ExactTextField):
    for lookup in IGNORING_CASE:
        field.register_lookup(type(f"Exact{lookup.__name__}", (CaseIgnored, lookup), {}))
