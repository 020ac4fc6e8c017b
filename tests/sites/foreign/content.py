"""Videos of the site."""

from __future__ import annotations

from tests.sites.content import make_editor, sample_videos


def fill() -> str:
    """Make videos and an editor; return where remixing starts, in another language than usual."""
    make_editor()
    sample_videos()
    return "/de/admin/sora_remix/video/"
