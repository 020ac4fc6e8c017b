"""What the sites have to start with: sample clips, and an editor."""

from __future__ import annotations

from pathlib import Path

from django.contrib.auth.models import Group, Permission
from django.core.management import call_command

from example_project.demo import samples
from example_project.demo.drawing import draw_missing
from example_project.demo.sites import PASSWORD, USERNAME
from example_project.settings import DEMO_FOLDER
from sora_remix.management.commands.sora_remix_groups import GROUPS
from sora_remix.models import Video
from tests.users import User

SCENES = ("sea", "forest")
"""Of the samples of the demo; drawing one takes seconds."""
OWN = ("add_article", "change_article", "view_article", "change_clip", "view_clip")
"""What an editor may do with the site's own models."""


def sample_clips() -> dict[str, Path]:
    """Draw the sample clips, unless the demo has them; return them by scene."""
    return draw_missing(DEMO_FOLDER / "clips", SCENES)


def sample_videos() -> dict[str, Video]:
    """Make a video of each sample clip; return them by scene."""
    return samples.ensure_videos(sample_clips())


def make_editor() -> User:
    """Make a member of staff in the ready-made groups, with those rights on the site's models."""
    call_command("sora_remix_groups", verbosity=0, stdout=None)
    user = User.objects.create_user(USERNAME, password=PASSWORD, is_staff=True)
    user.groups.set(Group.objects.filter(name__in=GROUPS))
    user.user_permissions.set(
        Permission.objects.filter(content_type__app_label="clips", codename__in=OWN)
    )
    return user
