"""Media of the site, where wagtailmedia is installed."""

from __future__ import annotations

from typing import Any

from django.core.files.base import ContentFile
from wagtail.models import Collection, GroupCollectionPermission

from tests.sites.wagtail.people import permission
from tests.users import User

UNREADABLE = b"no video, which only workers find out"


def make_collection(editor: User, name: str = "Desk") -> Collection:
    """Make a collection whose media an editor may change."""
    root = Collection.get_first_root_node() or Collection.add_root(name="Root")
    collection: Collection = root.add_child(name=name)
    GroupCollectionPermission.objects.create(
        group=editor.groups.get(),
        collection=collection,
        permission=permission("wagtailmedia", "change_media"),
    )
    return collection


def make_medium(
    collection: Collection, title: str, *, kind: str = "video", end: str = "mp4"
) -> Any:
    """Make a file of sound or moving pictures, by its kind."""
    from wagtailmedia import get_media_model

    medium = get_media_model()(title=title, type=kind, collection=collection)
    medium.file.save(f"{title}.{end}", ContentFile(UNREADABLE))
    return medium
