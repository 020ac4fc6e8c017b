"""Presets are visible to their owners, and to everybody when shared."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser

from sora_remix.models import PromptPreset
from tests.users import User

pytestmark = pytest.mark.django_db


def _preset(name: str, owner: User | None, *, is_shared: bool = False) -> PromptPreset:
    return PromptPreset.objects.create(name=name, text=name, owner=owner, is_shared=is_shared)


def test_own_and_shared_presets_are_visible() -> None:
    ann, bob = (User.objects.create_user(name) for name in ("ann", "bob"))
    _preset("hidden", bob)
    seen = [_preset("mine", ann), _preset("ours", bob, is_shared=True)]

    assert list(PromptPreset.objects.visible_to(ann)) == seen


def test_anonymous_user_sees_only_shared_presets() -> None:
    _preset("ownerless", None)
    shared = _preset("shared", None, is_shared=True)

    assert list(PromptPreset.objects.visible_to(AnonymousUser())) == [shared]


def test_shared_preset_is_kept_when_its_owner_is_deleted() -> None:
    ann = User.objects.create_user("ann")
    preset = _preset("Night", ann, is_shared=True)
    ann.delete()

    preset.refresh_from_db()

    assert (str(preset), preset.owner) == ("Night", None)
