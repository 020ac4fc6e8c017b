"""Groups in Wagtail can get the permissions of the app."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, Permission, User
from django.test import Client

from sora_remix.contrib.wagtail.wagtail_hooks import OFFERED_PERMISSIONS
from tests.docs import DOCS
from tests.forms import form_with

pytestmark = pytest.mark.django_db


def test_group_gets_a_permission_of_the_app(client: Client, admin_user: User) -> None:
    group = Group.objects.create(name="Desk")
    client.force_login(admin_user)
    wanted = Permission.objects.get(codename="remix_video")
    url = f"/cms/groups/edit/{group.pk}/"

    form = form_with(client.get(url), "permissions")
    client.post(url, form.data({"permissions": [str(wanted.pk)]}))

    assert wanted in group.permissions.all()


def test_group_is_offered_every_documented_permission() -> None:
    table = (DOCS / "reference" / "permissions.md").read_text()
    rows = re.findall(r"^\|.*\|(.*)\|$", table, re.MULTILINE)
    documented = {name for row in rows for name in re.findall(r"`(\w+)`", row)}

    assert documented == {*OFFERED_PERMISSIONS}
    assert Permission.objects.filter(codename__in=OFFERED_PERMISSIONS).count() == len(documented)
