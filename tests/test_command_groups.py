"""`manage.py sora_remix_groups` creates the groups for editors and approvers."""

from __future__ import annotations

import io

import pytest
from django.contrib.auth.models import Group, Permission
from django.core.management import call_command
from django.core.management.base import CommandError

from sora_remix.management.commands.sora_remix_groups import GROUPS

pytestmark = pytest.mark.django_db


def _run() -> list[str]:
    out = io.StringIO()
    call_command("sora_remix_groups", stdout=out)
    return out.getvalue().splitlines()


def _held(name: str) -> set[str]:
    permissions = Group.objects.get(name=name).permissions
    return {*permissions.values_list("codename", flat=True)}


def test_groups_get_their_permissions() -> None:
    said = _run()

    assert {name: _held(name) for name in GROUPS} == {
        name: {*codenames} for name, codenames in GROUPS.items()
    }
    assert said[1] == "Remix approvers (new): view_video, approve_video, view_remix"


def test_second_run_adds_nothing() -> None:
    _run()

    said = _run()

    assert said == [f"{name} (existing): nothing to add" for name in GROUPS]
    assert Group.objects.count() == len(GROUPS)


def test_added_permissions_are_kept_and_missing_ones_restored() -> None:
    _run()
    group = Group.objects.get(name="Remix editors")
    group.permissions.add(Permission.objects.get(codename="delete_video"))
    group.permissions.remove(Permission.objects.get(codename="remix_video"))

    said = _run()

    assert said[0] == "Remix editors (existing): remix_video"
    assert _held("Remix editors") == {*GROUPS["Remix editors"], "delete_video"}


def test_run_before_migrate_creates_nothing_and_explains_why() -> None:
    Permission.objects.filter(codename="approve_video").delete()

    with pytest.raises(CommandError, match=r"Run “manage.py migrate” first"):
        _run()

    assert not Group.objects.exists()
