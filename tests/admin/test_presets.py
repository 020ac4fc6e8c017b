"""Presets are edited in the admin by their owners."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from sora_remix.models import PromptPreset
from tests.forms import submit
from tests.html import errors

pytestmark = pytest.mark.django_db

PRESETS = "/admin/sora_remix/promptpreset/"


@pytest.fixture
def editor(client: Client) -> User:
    """A user with all permissions on presets, who is logged in."""
    user = User.objects.create_user("editor", is_staff=True)
    allowed = Permission.objects.filter(codename__endswith="_promptpreset")
    user.user_permissions.set(allowed)
    client.force_login(user)
    return user


@pytest.fixture
def other(db: None) -> User:
    return User.objects.create_user("other")


def _preset(owner: User | None, **values: object) -> PromptPreset:
    defaults = {"name": "Night", "text": "{title} at night"}
    return PromptPreset.objects.create(owner=owner, **{**defaults, **values})


def _page(preset: PromptPreset, name: str = "change") -> str:
    return reverse(f"admin:sora_remix_promptpreset_{name}", args=[preset.pk])


def test_new_preset_belongs_to_its_creator(client: Client, editor: User) -> None:
    typed = {"name": "Night", "text": "at\r\nnight", "endpoint": "flux-3", "is_shared": "on"}

    submit(client, f"{PRESETS}add/", typed)

    preset = PromptPreset.objects.get()
    assert (preset.owner, preset.text, preset.endpoint) == (editor, "at\nnight", "flux-3")
    assert preset.is_shared


def test_change_by_another_user_keeps_the_owner(admin_client: Client, other: User) -> None:
    preset = _preset(other)

    submit(admin_client, _page(preset), {"name": "Day", "text": "by day", "endpoint": ""})

    preset.refresh_from_db()
    assert (preset.name, preset.owner) == ("Day", other)


@pytest.mark.parametrize("text", ["{name}", "{", " "])
def test_text_with_wrong_placeholders_is_refused(client: Client, editor: User, text: str) -> None:
    response = submit(client, f"{PRESETS}add/", {"name": "Night", "text": text})

    assert "text" in errors(response)
    assert not PromptPreset.objects.exists()


def test_own_and_shared_presets_are_listed(client: Client, editor: User, other: User) -> None:
    _preset(other, name="Hidden")
    _preset(other, name="Shared", is_shared=True)
    _preset(editor, name="Mine")

    page = client.get(PRESETS).content.decode()

    assert [name in page for name in ("Hidden", "Shared", "Mine")] == [False, True, True]


def test_superuser_sees_every_preset(admin_client: Client, other: User) -> None:
    _preset(other, name="Hidden")

    assert "Hidden" in admin_client.get(PRESETS).content.decode()


def test_shared_preset_of_another_user_can_be_viewed_but_not_changed(
    client: Client, editor: User, other: User
) -> None:
    preset = _preset(other, is_shared=True, text="<b>at night</b>")

    seen = client.get(_page(preset))
    client.post(_page(preset), {"name": "Mine now", "text": "x"})
    client.post(_page(preset, "delete"), {"post": "yes"})

    assert "&lt;b&gt;at night" in seen.content.decode()
    assert PromptPreset.objects.get().name == "Night"


def test_selected_presets_are_deleted_only_if_all_belong_to_the_user(
    client: Client, editor: User, other: User
) -> None:
    pks = [str(_preset(editor).pk), str(_preset(other, is_shared=True).pk)]
    chosen = {"action": "delete_selected", "post": "yes"}

    client.post(PRESETS, {**chosen, "_selected_action": pks})
    left = PromptPreset.objects.count()
    client.post(PRESETS, {**chosen, "_selected_action": pks[:1]})

    assert (left, PromptPreset.objects.count()) == (2, 1)


def test_removed_endpoint_stays_selected(client: Client, editor: User) -> None:
    preset = _preset(editor, endpoint="gone")

    page = client.get(_page(preset)).content.decode()

    assert '<option value="gone" selected>gone</option>' in page
    assert '<option value="flux-3">' in page


def test_page_opens_with_unreadable_endpoint_records(
    client: Client, editor: User, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"typo": {}}

    page = client.get(f"{PRESETS}add/").content.decode()

    assert "Any model" in page
