"""`manage.py sora_remix_groups`: create the groups for editors and approvers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib.auth.models import Group, Permission
from django.core.management.base import BaseCommand, CommandError
from django.db import router, transaction

GROUPS: dict[str, tuple[str, ...]] = {
    "Remix editors": (
        "view_video",
        "add_video",
        "change_video",
        "remix_video",
        "view_remix",
        "cancel_remix",
        "retry_remix",
        "view_costs",
        "view_promptpreset",
        "add_promptpreset",
        "change_promptpreset",
        "delete_promptpreset",
    ),
    "Remix approvers": ("view_video", "approve_video", "view_remix"),
}
"""Names of the groups, with the permissions that each needs."""


class Command(BaseCommand):
    """Add missing permissions. Permissions that a site has added stay."""

    help = "Create the groups “Remix editors” and “Remix approvers”, or add missing permissions."

    def handle(self, *args: Any, **options: Any) -> None:
        using = router.db_for_write(Group)
        with transaction.atomic(using=using):
            for name, codenames in GROUPS.items():
                self._complete(name, _permissions(codenames, using), using)

    def _complete(self, name: str, needed: Sequence[Permission], using: str) -> None:
        group, is_new = Group.objects.using(using).get_or_create(name=name)
        held = {*group.permissions.values_list("pk", flat=True)}
        lacking = [permission for permission in needed if permission.pk not in held]
        group.permissions.add(*lacking)
        added = ", ".join(permission.codename for permission in lacking) or "nothing to add"
        self.stdout.write(f"{name} ({'new' if is_new else 'existing'}): {added}")


def _permissions(codenames: Sequence[str], using: str) -> list[Permission]:
    """Return these permissions of the app. Raise `CommandError` if one is missing."""
    own = Permission.objects.using(using).filter(content_type__app_label="sora_remix")
    found = {permission.codename: permission for permission in own}
    if missing := [codename for codename in codenames if codename not in found]:
        raise CommandError(
            f"Run “manage.py migrate” first: permissions are missing: {', '.join(missing)}."
        )
    return [found[codename] for codename in codenames]
