"""Files that are uploaded with a video: none is left without a row."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.models.fields.files import FieldFile

from ...database import alias, in_transaction
from ...models import Video, files_in_use


@contextmanager
def deleted_unless_saved(video: Video) -> Iterator[None]:
    """Delete new files of a row if it can't be saved: nobody would own them."""
    files: list[FieldFile] = [getattr(video, name) for name in video.FILE_FIELDS]
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


def store_files(video: Video) -> None:
    """Store new files of a row before the transaction that saves it, which is then short."""
    for name in video.FILE_FIELDS:
        file: FieldFile = getattr(video, name)
        if file and not _is_stored(file):
            file.save(str(file.name), file.file, save=False)


def lock_video(video: Video) -> Video:
    """Lock the row of a video that gets other files, and return its present state.

    Of two editors at once, the second replaces what the first uploaded.
    """
    before = Video.objects.select_for_update().get(pk=video.pk)
    video.stored_files = before.owned_files()
    return before


def _is_stored(file: FieldFile) -> bool:
    # Django has no public name for it.
    return bool(file._committed)  # type: ignore[attr-defined]
