"""Two people who save the same at once: the second gets an error of the form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Group, User
from django.test import Client

from sora_remix.admin.files.forms import VideoForm
from sora_remix.models import Budget, Video
from tests.budgets import make_budget
from tests.factories import make_video
from tests.forms import submit
from tests.html import errors

pytestmark = pytest.mark.django_db

BUDGET = "/admin/sora_remix/budget/add/"
VIDEO = "/admin/sora_remix/video/add/"


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first validation does not see what another person is saving at that moment."""
    for model in (Budget, Video):
        _skip_once(monkeypatch, model, "clean", lambda _self: None)
        _skip_once(monkeypatch, model, "validate_constraints", lambda _self: None)
    _skip_once(monkeypatch, VideoForm, "clean_sora_id", lambda form: form.cleaned_data["sora_id"])


def _skip_once(
    monkeypatch: pytest.MonkeyPatch, owner: type[Any], name: str, instead: Callable[[Any], Any]
) -> None:
    validate, calls = getattr(owner, name), list[Any]()

    def skip(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(self)
        return instead(self) if len(calls) == 1 else validate(self, *args, **kwargs)

    monkeypatch.setattr(owner, name, skip)


@pytest.mark.parametrize("kind", ["site", "group", "user"])
def test_budget_that_another_has_just_saved_is_an_error_of_the_form(
    admin_client: Client, admin_user: User, kind: str, unseen: None
) -> None:
    group = Group.objects.create(name="Film")
    owner: dict[str, Any] = {"group": group, "user": admin_user}
    owner = {kind: owner[kind]} if kind in owner else {}
    typed = {name: str(one.pk) for name, one in owner.items()}
    make_budget(5, period="day", **owner)

    page = submit(admin_client, BUDGET, {"amount": "7", "period": "day", **typed})

    assert page.status_code == 200
    assert errors(page)
    assert Budget.objects.count() == 1


def test_video_that_another_has_just_registered_is_an_error_of_the_form(
    admin_client: Client, unseen: None
) -> None:
    make_video(sora_id="video_1")

    page = submit(admin_client, VIDEO, {"title": "Sea", "sora_id": "video_1", "duration": "4"})

    assert page.status_code == 200
    assert errors(page).keys() == {"sora_id"}
    assert Video.objects.count() == 1
