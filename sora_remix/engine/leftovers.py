"""Remove files that were stored for a remix but that no video uses."""

from __future__ import annotations

from collections.abc import Iterable

from .. import media
from ..logs import get_logger
from ..models import PendingFile
from ..storage import Folders

logger = get_logger(__name__)


def remove_abandoned() -> None:
    """Remove the files of stopped workers, also under names that the storage chose."""
    folders = Folders()
    for name in PendingFile.objects.condemn_abandoned():
        if remove_unused([name, *_renamed(name, folders)]):
            PendingFile.objects.forget(name)


def remove_unused(names: Iterable[str]) -> bool:
    """Remove files that no row or worker uses; return whether each could be removed."""
    removed = [_remove(name) for name in PendingFile.objects.unused(names)]
    return all(removed)


def _renamed(name: str, folders: Folders) -> list[str]:
    try:
        return folders.renamed(name)
    except Exception:
        logger.exception("Could not search the storage for the file stored as %s", name)
        return []


def _remove(name: str) -> bool:
    try:
        media.remove(name)
    except Exception:
        logger.exception("Could not remove the abandoned file %s yet", name)
        return False
    logger.info("Removed the abandoned file %s", name)
    return True
