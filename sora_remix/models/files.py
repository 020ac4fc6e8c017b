"""Files that rows own: they are deleted with the row, on commit."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any, ClassVar

from django.apps import apps
from django.db import models, transaction
from django.db.models import Q
from django.db.models.fields.files import FieldFile

from ..database import alias, in_transaction
from ..storage import StoredFile


class OwnedFieldFile(FieldFile):
    """A file that its row owns once the app has stored it."""

    @property
    def storage(self) -> Any:
        """Return the storage that the row names, by default that of the field."""
        row: OwnsFiles = self.instance  # type: ignore[assignment]
        return StoredFile("", row.storage_of(self.field.name)).storage

    @storage.setter
    def storage(self, value: object) -> None:
        """Ignore the storage that Django sets, because the row may name another one later."""

    def save(self, name: str, content: IO[Any], save: bool = True) -> None:
        """Store a file in the storage of the app, and record on its row that the app did so."""
        row: OwnsFiles = self.instance  # type: ignore[assignment]
        row.use_app_storage(self.field.name)
        super().save(name, content, save=False)  # type: ignore[arg-type]
        row.stored_files = [*row.stored_files, str(self.name)]
        if save:
            row.save()

    def delete(self, save: bool = True) -> None:
        """Empty the field, and delete the file if its row owns it."""
        row: OwnsFiles = self.instance  # type: ignore[assignment]
        if not self or row.owned_files(self.field.name):
            super().delete(save)
            return
        self.close()
        setattr(row, self.field.attname, "")
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
    STORAGE_COLUMNS: ClassVar[Mapping[str, str]] = {}
    """For fields with files in other storages: the column with the alias of the storage."""
    FILE_COLUMNS: ClassVar[tuple[str, ...]] = ("stored_files",)
    """Columns that are saved with any field of files."""
    stored_files: models.JSONField[list[str], list[str]]

    class Meta:
        abstract = True

    def save(self, *args: Any, **options: Any) -> None:
        """Save the row; with a file field, also save which files it owns."""
        written = options.get("update_fields")
        if written is None:
            for column in self.FILE_COLUMNS:
                getattr(self, column)  # loads it if deferred, so that it is written too
        elif not {*written}.isdisjoint(self.FILE_FIELDS):
            options["update_fields"] = {*written, *self.FILE_COLUMNS}
        super().save(*args, **options)

    def owned_files(self, *fields: str) -> list[StoredFile]:
        """Return the owned files in these fields, by default in all."""
        files = (self.stored_file(field) for field in fields or self.FILE_FIELDS)
        return [file for file in files if file.name and file.name in self.stored_files]

    def stored_file(self, field: str) -> StoredFile:
        """Return where the file in this field is; its name is empty without one."""
        return StoredFile(str(getattr(self, field).name or ""), self.storage_of(field))

    def storage_of(self, field: str) -> str:
        """Return the alias of the storage of this field; empty for that of the app."""
        column = self.STORAGE_COLUMNS.get(field)
        return str(getattr(self, column)) if column else ""

    def use_app_storage(self, field: str) -> None:
        """Have this field name a file in the storage of the app."""
        if column := self.STORAGE_COLUMNS.get(field):
            setattr(self, column, "")


def stored_files_field() -> models.JSONField[list[str], list[str]]:
    """Return the column that lists the files that the app stored for a row."""
    return models.JSONField(default=list, blank=True, editable=False)


def files_in_use(names: Collection[str], using: str, storage: str = "") -> set[str]:
    """Return those of these names in one storage that rows of the app refer to."""
    found: set[str] = set()
    for model in apps.get_models():
        if issubclass(model, OwnsFiles) and not model._meta.proxy:
            lookups = (Q(**{f"{field}__in": names}) for field in model.FILE_FIELDS)
            rows = model._base_manager.using(using).filter(Q(*lookups, _connector=Q.OR))
            aliases = model.STORAGE_COLUMNS
            for row in rows.values(*model.FILE_FIELDS, *aliases.values()):
                places = (
                    (row[one], row.get(aliases.get(one, ""), "")) for one in model.FILE_FIELDS
                )
                found.update(name for name, place in places if place == storage)
    return found.intersection(names)  # MySQL finds names that differ in case


def delete_files_after_commit(instance: OwnsFiles, using: str, **_signal: object) -> None:
    """Delete the files of a row once its deletion is committed (receives `pre_delete`).

    Only this signal sees every deletion: `QuerySet.delete()`, which the admin's own action uses,
    and cascades call no method of the model. Afterwards, deferred fields can't be read.
    """
    delete_after_commit(instance.owned_files(), using)


def delete_after_commit(files: Collection[StoredFile], using: str) -> None:
    """Delete stored files when this transaction commits, unless a row uses them then."""
    for file in files:
        transaction.on_commit(_deletion(file, using), using=using, robust=True)


def _deletion(file: StoredFile, using: str) -> Callable[[], None]:
    # Not a partial: Django 5.2 asks a robust callback that failed for its __qualname__.
    def delete() -> None:
        if not files_in_use([file.name], using, file.alias):
            file.storage.delete(file.name)

    return delete


@contextmanager
def deleted_unless_saved(row: OwnsFiles) -> Iterator[None]:
    """Delete new files of a row if it can't be saved: nobody would own them."""
    files: list[FieldFile] = [getattr(row, name) for name in row.FILE_FIELDS]
    new = [file for file in files if file and not _is_stored(file)]
    try:
        yield
    except BaseException:
        stored = {str(file.name): file for file in new if _is_stored(file)}
        # A storage that names files by their content gave another row the same one.
        used = set() if in_transaction() else files_in_use(stored, alias())
        for name in stored.keys() - used:
            stored[name].storage.delete(name)
        raise


def store_files(row: OwnsFiles) -> None:
    """Store new files of a row before the transaction that saves it, which is then short."""
    for name in row.FILE_FIELDS:
        file: FieldFile = getattr(row, name)
        if file and not _is_stored(file):
            file.save(str(file.name), file.file, save=False)


def _is_stored(file: FieldFile) -> bool:
    # Django has no public name for it.
    return bool(file._committed)  # type: ignore[attr-defined]
