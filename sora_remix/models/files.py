"""Files that rows own: they are deleted with the row, on commit."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import IO, Any, ClassVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.db.models.fields.files import FieldFile

from ..storage import app_storage


class OwnedFieldFile(FieldFile):
    """A file that its row owns once the app has stored it."""

    def save(self, name: str, content: IO[Any], save: bool = True) -> None:
        """Store a file, and record on its row that the app did so."""
        super().save(name, content, save=False)  # type: ignore[arg-type]
        row: OwnsFiles = self.instance  # type: ignore[assignment]
        row.stored_files = [*row.stored_files, str(self.name)]
        if save:
            row.save()


class OwnedFileField(models.FileField):
    """A file that the app stored or that the site already had.

    It must come before `stored_files`, because columns are prepared in their order.
    """

    attr_class = OwnedFieldFile

    def formfield(self, **options: Any) -> Any:
        """Accept uploads with names of any length, because the app renames them."""
        return super().formfield(**{"max_length": None, **options})

    def deconstruct(self) -> Any:
        """Appear as a plain field in migrations; the column is the same."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.FileField", args, kwargs


class OwnsFiles(models.Model):
    """A row with files, which owns those that the app stored for it."""

    FILE_FIELDS: ClassVar[tuple[str, ...]]
    stored_files: models.JSONField[list[str], list[str]]

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Save the row; with a file field, also save which files it owns."""
        written = options.get("update_fields")
        if written is None:
            self.stored_files  # noqa: B018  (loads it if deferred, so that it is written too)
        elif not {*written}.isdisjoint(self.FILE_FIELDS):
            options["update_fields"] = {*written, "stored_files"}
        super().save(*args, **options)

    def owned_files(self, *fields: str) -> list[str]:
        """Return the names of owned files in these fields, by default in all."""
        names = (getattr(self, field).name for field in fields or self.FILE_FIELDS)
        return [str(name) for name in names if name and name in self.stored_files]


def stored_files_field() -> models.JSONField[list[str], list[str]]:
    """Return the column that lists the files that the app stored for a row."""
    return models.JSONField(default=list, blank=True, editable=False)


def files_in_use(names: Collection[str], using: str) -> set[str]:
    """Return those of these stored names that rows of the app refer to."""
    found: set[str] = set()
    for model in apps.get_models():
        if issubclass(model, OwnsFiles) and not model._meta.proxy:
            lookups = (Q(**{f"{field}__in": names}) for field in model.FILE_FIELDS)
            rows = model._base_manager.using(using).filter(Q(*lookups, _connector=Q.OR))
            for row in rows.values_list(*model.FILE_FIELDS):
                found.update(row)
    return found.intersection(names)  # MySQL finds names that differ in case


def delete_files_after_commit(instance: OwnsFiles, using: str, **_signal: object) -> None:
    """Delete the files of a row once its deletion is committed (receives `pre_delete`).

    Only this signal sees every deletion: `QuerySet.delete()`, which the admin's own action uses,
    and cascades call no method of the model. Afterwards, deferred fields can't be read.
    """
    delete_after_commit(instance.owned_files(), using)


def delete_after_commit(names: Collection[str], using: str) -> None:
    """Delete stored files when this transaction commits, unless a row uses them then."""
    for name in names:
        transaction.on_commit(_deletion(name, using), using=using, robust=True)


def _deletion(name: str, using: str) -> Callable[[], None]:
    # Not a partial: Django 5.2 asks a robust callback that failed for its __qualname__.
    def delete() -> None:
        if not files_in_use([name], using):
            app_storage().delete(name)

    return delete
