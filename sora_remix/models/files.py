"""Files go with the rows that own them, once that is committed."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from django.db import models, transaction
from django.db.models import Q
from django.db.models.fields.files import FieldFile


class OwnsFiles(models.Model):
    """A row whose files are deleted after it (`delete_files_after_commit`)."""

    FILE_FIELDS: ClassVar[tuple[str, ...]]

    class Meta:
        abstract = True


def delete_files_after_commit(instance: OwnsFiles, using: str, **_signal: object) -> None:
    """Delete the files of a deleted row once that is committed (receives `post_delete`).

    Only the signal sees every way to delete a row: `QuerySet.delete()`, which the admin's own
    action uses, and cascades call no method of the model.
    """
    for name in instance.FILE_FIELDS:
        file: FieldFile = getattr(instance, name)
        if file:
            deletion = delete_unless_shared(type(instance), file)
            transaction.on_commit(deletion, using=using, robust=True)


def delete_unless_shared(model: type[OwnsFiles], file: FieldFile) -> Callable[[], None]:
    """Return what deletes a file, unless a row still points at it then."""

    # Not a partial: Django 5.2 asks a robust callback that failed for its __qualname__.
    def delete() -> None:
        same = Q(*((field, file.name) for field in model.FILE_FIELDS), _connector=Q.OR)
        if not model._default_manager.filter(same).exists():
            file.storage.delete(str(file.name))

    return delete
