"""Clips of the site, of which the app knows nothing yet."""

from __future__ import annotations

from django.core.files import File

from example_project.demo.samples import TITLES
from tests.sites.clips.models import Clip
from tests.sites.content import make_editor, sample_clips


def fill() -> str:
    """Make clips and an editor; return where remixing starts."""
    make_editor()
    for scene, path in sample_clips().items():
        with path.open("rb") as file:
            Clip(name=TITLES[scene]).clip.save(path.name, File(file))
    return "/admin/clips/clip/"
