"""Storages that follow Django's contract in unusual ways, and some that break it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import IO, Any

from django.core.files.base import ContentFile
from django.core.files.storage import FileSystemStorage
from pytest_django import Settings

Give = Callable[[str], Any]


class FolderStorage(FileSystemStorage):
    """Keep the files of each site in a folder of its own."""

    def get_available_name(self, name: str, max_length: int | None = None) -> str:
        return super().get_available_name(f"site1/{name}", max_length)


class NamingStorage(FileSystemStorage):
    """Give each file another name in its folder."""

    def _save(self, name: str, content: Any) -> str:
        path = PurePosixPath(name)
        renamed = str(path.with_name(f"v1-{path.name}"))
        return str(super()._save(renamed, content))  # type: ignore[misc]


class ContentStorage(FileSystemStorage):
    """Name files by their content, and keep each once."""

    def _save(self, name: str, content: Any) -> str:
        data = content.read()
        by_content = f"{hashlib.sha1(data, usedforsecurity=False).hexdigest()}.bin"
        if not self.exists(by_content):
            super()._save(by_content, ContentFile(data))  # type: ignore[misc]
        return by_content


class ClosingStorage(FileSystemStorage):
    """Read a file from where it stands and close it, and have no path for it."""

    def _save(self, name: str, content: Any) -> str:
        stored = Path(self.location, name)
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(content.read())
        content.close()
        return name

    def path(self, name: str) -> str:
        raise NotImplementedError

    def exists(self, name: str) -> bool:
        return Path(self.location, name).exists()

    def delete(self, name: str) -> None:
        Path(self.location, name).unlink()

    def listdir(self, path: str) -> tuple[list[str], list[str]]:
        raise NotImplementedError

    def _open(self, name: str, mode: str = "rb") -> Any:
        return Path(self.location, name).open(mode)


class OddStorage(FileSystemStorage):
    """Store files under other names, and return as their names what `give` makes of them."""

    give: Give = str

    def save(self, name: str | None, content: IO[Any], max_length: int | None = None) -> str:
        stored = super().save(f"{name}-odd", content, max_length)
        answer: str = type(self).give(stored)
        return answer


class ForgetfulStorage(FileSystemStorage):
    """Return no name from where Django looks for it."""

    def _save(self, name: str, content: Any) -> Any:
        super()._save(name, content)  # type: ignore[misc]


class EmptyNameStorage(FileSystemStorage):
    """Return an empty name from where Django looks for it."""

    def _save(self, name: str, content: Any) -> str:
        super()._save(name, content)  # type: ignore[misc]
        return ""


def use_storage(settings: Settings, storage: type[FileSystemStorage]) -> None:
    """Have the site keep its files there."""
    backend = {"BACKEND": f"{__name__}.{storage.__qualname__}"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
