"""Approved videos with the files that a player loads."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile

from sora_remix.models import Approval, Video
from sora_remix.storage import app_storage
from tests.checkout import png
from tests.factories import make_video

VTT = b"""WEBVTT

00:00.000 --> 00:01.000
Waves.

00:01.000 --> 00:03.000
Gulls cry.
"""


def show(clip: bytes = b"no video", **values: Any) -> Video:
    """Make an approved video with a clip, a poster and captions in the storage."""
    files = {
        "file": _kept("clip.mp4", clip),
        "thumbnail": _kept("poster.png", png(160, 90, 128)),
        "captions": _kept("captions.vtt", VTT),
    }
    shape = {"width": 1280, "height": 720, "size": len(clip)}
    return make_video(**{**files, **shape, "approval": Approval.APPROVED, **values})


def _kept(name: str, content: bytes) -> str:
    kept: str = app_storage().save(name, ContentFile(content))
    return kept
