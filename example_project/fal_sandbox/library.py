"""The videos that the provider remembers, by video id."""

import os
import re
import shutil
import uuid
from pathlib import Path

_PLAIN_ID = re.compile(r"[A-Za-z0-9_-]{1,200}")


class Library:
    """A folder of `<video_id>.mp4` files."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def path(self, video_id: str) -> Path | None:
        """Return where the video is or would be, None for an impossible id."""
        plain = _PLAIN_ID.fullmatch(video_id)
        return self.folder / f"{video_id}.mp4" if plain else None

    def find(self, video_id: str) -> Path | None:
        """Return the video's file, None when the provider does not know it."""
        path = self.path(video_id)
        return path if path and path.is_file() else None

    def add(self, video: Path, *, remember: bool) -> str:
        """Give a new generation its video id, and keep its file if it is to be remembered."""
        video_id = f"video_{uuid.uuid4().hex}"
        if remember:
            link(video, self.folder / f"{video_id}.mp4")
        return video_id


def link(source: Path, target: Path) -> None:
    """Make the target another name of the source, or a copy where links are not possible."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
