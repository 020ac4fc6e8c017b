"""Uploaded files. They survive a restart until they expire."""

import hashlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from .fal_queue import now

_TOKEN = re.compile(r"[A-Za-z0-9_-]+")


class WrongParts(Exception):
    """The parts named are not the parts that arrived."""


@dataclass(frozen=True)
class Upload:
    """A file that was announced; its content may still be missing."""

    base_url: str
    name: str
    content_type: str
    expires_in: float | None
    token: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    """The id of a multipart upload, which its caller must know."""

    @property
    def url(self) -> str:
        """The public URL of the file."""
        return f"{self.base_url}/files/b/{self.token}/{quote(self.name, safe='')}"


class Uploads:
    """A folder with a file and a JSON note for every upload, and the list since the last reset."""

    def __init__(self, folder: Path) -> None:
        self.listed: list[dict[str, Any]] = []
        self._folder = folder
        folder.mkdir(exist_ok=True)
        for draft in folder.glob(".*"):
            draft.unlink()

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """Give a file to write to, which is thrown away unless it is delivered."""
        path = self._folder / f".{secrets.token_hex(8)}"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def announce(self, upload: Upload) -> None:
        """Announce a file."""
        (self._folder / f"{upload.token}.json").write_text(json.dumps(asdict(upload)))

    def find(self, token: str) -> Upload | None:
        """Return what was announced under the token."""
        note = self._folder / f"{token}.json"
        if not _TOKEN.fullmatch(token) or not note.is_file():
            return None
        return Upload(**json.loads(note.read_text()))

    def deliver(self, upload: Upload, content: Path) -> None:
        """Take the content in and list the upload; its lifetime starts now."""
        path = content.replace(self._folder / upload.token)
        path.touch()
        entry = {"url": upload.url, "name": upload.name, "size": path.stat().st_size}
        self.listed.append(entry | {"expires_in": upload.expires_in, "uploaded_at": now()})

    def deliver_part(self, upload: Upload, number: int, content: Path) -> str:
        """Take a part in and return its ETag."""
        content.replace(self._part(upload, number))
        return self._etag(upload, number)

    def complete(self, upload: Upload, parts: list[tuple[int, str]]) -> None:
        """Put the parts together; raise WrongParts when they are not those that arrived."""
        for number, etag in parts:
            if not self._part(upload, number).is_file() or self._etag(upload, number) != etag:
                raise WrongParts(f"Part {number} is not what has arrived.")
        with self.draft() as draft:
            with draft.open("wb") as whole:
                for number, _ in sorted(parts):
                    with self._part(upload, number).open("rb") as part:
                        shutil.copyfileobj(part, whole)
            self.deliver(upload, draft)
        for number, _ in parts:
            self._part(upload, number).unlink(missing_ok=True)

    def open(self, token: str, name: str) -> tuple[Path, str] | None:
        """Return the file and its content type, None when there is none or it has expired."""
        upload, path = self.find(token), self._folder / token
        if upload is None or upload.name != name or not path.is_file():
            return None
        age = time.time() - path.stat().st_mtime
        is_over = upload.expires_in is not None and age >= upload.expires_in
        return None if is_over else (path, upload.content_type)

    def expire(self) -> None:
        """Expire all uploads."""
        for note in self._folder.glob("*.json"):
            (self._folder / note.stem).unlink(missing_ok=True)

    def _part(self, upload: Upload, number: int) -> Path:
        return self._folder / f"{upload.token}.part{number}"

    def _etag(self, upload: Upload, number: int) -> str:
        with self._part(upload, number).open("rb") as part:
            return f'"{hashlib.file_digest(part, "md5").hexdigest()}"'
