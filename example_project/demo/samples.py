"""Create the demo's user and sample videos."""

import secrets
from pathlib import Path
from tempfile import TemporaryDirectory

from django.contrib.auth import get_user_model

from example_project.fal_sandbox.stills import draw_thumbnail
from sora_remix import media
from sora_remix.models import Video
from sora_remix.storage import new_name

USERNAME = "admin"
TITLES = {
    "mountains": "Mountains at dusk",
    "sea": "Sea in the morning",
    "city": "City at night",
    "forest": "Forest in the mist",
}
UPLOADS = {"forest"}
"""Scenes that count as uploads. The others count as Sora generations."""


def sora_id(scene: str) -> str:
    """Return the Sora id of a scene's clip in the sandbox."""
    return f"video_demo_{scene}"


def ensure_user(password_file: Path) -> str:
    """Create the user if necessary, and return the password."""
    if not password_file.exists():
        password_file.touch(mode=0o600)
        password_file.write_text(secrets.token_urlsafe(9))
    password = password_file.read_text().strip()
    users = get_user_model().objects
    user, _created = users.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True}
    )
    if not user.check_password(password):
        user.set_password(password)
        user.save()
    return password


def ensure_videos(clips: dict[str, Path]) -> dict[str, Video]:
    """Return the sample videos by scene, and add those that are missing."""
    return {scene: _find_video(scene) or _add_video(scene, clip) for scene, clip in clips.items()}


def _find_video(scene: str) -> Video | None:
    own = {"title": TITLES[scene], "sora_id": ""} if scene in UPLOADS else {}
    return Video.objects.filter(**(own or {"sora_id": sora_id(scene)}), remix=None).first()


def _add_video(scene: str, clip: Path) -> Video:
    with TemporaryDirectory() as folder, clip.open("rb") as file:
        thumbnail = Path(folder, "thumbnail.webp")
        thumbnail.write_bytes(draw_thumbnail(clip))
        facts = media.video_facts(file)
        files = {"file": _store("videos", clip), "thumbnail": _store("thumbnails", thumbnail)}
        return Video.objects.create(
            title=TITLES[scene],
            sora_id="" if scene in UPLOADS else sora_id(scene),
            **files,
            stored_files=list(files.values()),
            **facts.known(),
        )


def _store(kind: str, path: Path) -> str:
    with path.open("rb") as file:
        return media.store(new_name(kind, path.suffix), file)
