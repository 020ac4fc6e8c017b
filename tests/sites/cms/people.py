"""People of the site."""

from __future__ import annotations

from django.contrib.auth.models import Permission

from tests.users import User

EDITOR = ("view_video", "add_video", "remix_video", "view_remix")
"""What an editor needs of the app, as `docs/how-to/cms.md` says."""
PLUGIN = ("add_videoplugin", "change_videoplugin", "delete_videoplugin")
"""What an editor needs for the plugin, as the same page says."""
PAGES = ("change_page", "publish_page", "use_structure")


def make_editor(*codenames: str, name: str = "editor") -> User:
    """Make somebody who may publish pages and has these permissions, by default EDITOR."""
    user = User.objects.create_user(name, password="demo", is_staff=True)
    for app_label, granted in (
        ("sora_remix", codenames or EDITOR),
        ("sora_remix_cms", PLUGIN),
        ("cms", PAGES),
    ):
        found = Permission.objects.filter(content_type__app_label=app_label, codename__in=granted)
        user.user_permissions.add(*found)
    return user
