"""People of the site."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from wagtail.models import GroupPagePermission

from tests.sites.wagtail.content import make_home
from tests.users import User

EDITOR = ("view_video", "add_video", "remix_video", "view_remix")
"""What an editor needs of the app, as `docs/how-to/wagtail.md` says."""
PAGES = ("add_page", "change_page", "publish_page")


def make_editor(*codenames: str, is_staff: bool = True, name: str = "editor") -> User:
    """Make somebody who may publish pages and has these permissions, by default EDITOR."""
    home = make_home()
    group, _ = Group.objects.get_or_create(name=f"Group of {name}")
    group.permissions.set(
        [permission("wagtailadmin", "access_admin")]
        + [permission("sora_remix", codename) for codename in codenames or EDITOR]
    )
    for codename in PAGES:
        GroupPagePermission.objects.get_or_create(
            group=group,
            page=home,
            permission=permission("wagtailcore", codename),
        )
    user = User.objects.create_user(name, password="demo", is_staff=is_staff)
    user.groups.add(group)
    return user


def permission(app_label: str, codename: str) -> Permission:
    """Return a permission of any app."""
    return Permission.objects.get(content_type__app_label=app_label, codename=codename)
