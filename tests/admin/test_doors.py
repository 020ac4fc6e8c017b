"""Each page and action is open to users with the permissions that README names, and to no others.

The URLs are those of the site itself: a page that is added fails here until the table has it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, partial
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.contrib import admin
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.exceptions import BadRequest, PermissionDenied
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.http import Http404, HttpRequest
from django.test import RequestFactory
from django.urls import NoReverseMatch, resolve, reverse

from sora_remix import urls
from sora_remix.admin import VideoAdmin
from sora_remix.admin.actions.buttons import BUTTONS
from sora_remix.admin.results.views import COMPARE, FURTHER
from sora_remix.management.commands.sora_remix_groups import GROUPS
from sora_remix.models import PromptPreset, RemixBatch
from sora_remix.storage import app_storage
from sora_remix.tokens import make_token
from tests.doors import ANYBODY, DOORS, NOBODY, ONLY_GET, ONLY_POST, Place
from tests.factories import make_remix, make_video
from tests.ordering import draft

pytestmark = pytest.mark.django_db

DOCS = Path(__file__).parents[2] / "docs"
OPEN, CLOSED, REFUSED = "open", "closed", "refused"
DJANGOS = re.compile("_(changelist|add|change|delete|history|<path:object_id>/)$")
"""URLs of Django's own views, which treat HEAD like GET."""
WRITES = ("INSERT", "UPDATE", "DELETE")


@dataclass(frozen=True)
class World:
    """A row of each kind."""

    rows: dict[str, Any]
    paths: dict[tuple[str, str], str] = field(default_factory=dict)
    """What was reversed already."""

    def belongs_to(self, user: Any) -> None:
        """Give a user a draft and a preset of their own."""
        RemixBatch.objects.filter(pk=self.rows["own_draft"].pk).update(created_by=user.pk)
        PromptPreset.objects.filter(pk=self.rows["promptpreset"].pk).update(owner=user.pk)

    def path(self, place: Place) -> str:
        """Return the path of a place."""
        key = (place.url, place.row)
        if key not in self.paths:
            self.paths[key] = self._path(place)
        return self.paths[key]

    def _path(self, place: Place) -> str:
        if place.url == "webhook":
            return reverse("sora_remix:webhook", args=[uuid4()])
        model, _, route = place.url.partition("_")
        row = self.rows[place.row or model]
        if place.url == "video":
            return reverse("sora_remix:video", args=[make_token(row.pk), "file"])
        if route.startswith("<"):
            return reverse(f"admin:sora_remix_{model}_changelist") + f"{row.pk}/"
        # An act has the same name for one row and for a selection.
        tried = ([row.pk], [row.pk, "file"]) if place.row else ([], [row.pk], [row.pk, "file"])
        paths = (_reversed(f"admin:sora_remix_{place.url}", args) for args in tried)
        return next(filter(None, paths))

    def data(self, place: Place) -> dict[str, str]:
        """Return what is sent to a place."""
        known = {name: str(row.pk) for name, row in self.rows.items()}
        known["revision"] = self.rows["video"].revision
        return {name: value.format(**known) for name, value in place.data}


@pytest.fixture
def world(media_root: Path) -> World:
    """A video by itself, a batch with a remix, two drafts, and a preset."""
    captions = app_storage().save("a.vtt", ContentFile(b"WEBVTT\n"))
    batch = draft()
    batch.confirm()
    source = make_video(file="b.mp4", captions=captions)
    remix = make_remix(source=source, result=make_video(file="c.mp4"), batch=batch)
    return World(
        {
            "video": make_video(file="a.mp4", captions=captions),
            "approved": make_video(file="d.mp4", approval="approved"),
            "source": source,
            "remix": remix,
            "remixbatch": batch,
            "batch": batch,
            "draft": draft(by=User.objects.create_user("author")),
            "own_draft": draft(),
            "promptpreset": PromptPreset.objects.create(name="Noir", text="noir"),
        }
    )


def test_every_url_and_method_of_the_site_is_in_the_table() -> None:
    listed = {(place.url, place.method) for door in DOORS for place in door.places}
    refused = {(url, "POST") for url in ONLY_GET} | {(url, "GET") for url in ONLY_POST}

    found = {(url, method) for url in _urls() for method in ("GET", "POST")}

    actions = {one for one in listed if one[0].startswith("action:")}
    assert found == (listed - actions) | refused
    assert not listed & refused


def test_every_action_on_a_selection_is_in_the_table(admin_user: User) -> None:
    places = [place for door in DOORS for place in door.places]
    listed = {place.url for place in places if place.url.startswith("action:")}
    cells = {dict(place.data)["action"] for place in places if place.url == "remixbatch_cells"}
    request = _request(admin_user, "GET", "/", {})

    found = {
        f"action:{model}:{name}"
        for model, model_admin in _admins().items()
        for name in model_admin.get_actions(request)
    }

    assert found == listed
    assert cells == {*(act.name for act in BUTTONS), COMPARE, FURTHER}


def test_docs_list_the_permissions_of_each_page_and_group() -> None:
    table = (DOCS / "reference" / "permissions.md").read_text()
    said = " ".join((DOCS / "how-to" / "permissions.md").read_text().split())

    rows = [line for line in table.splitlines() if line.startswith("| ") and "`" in line]

    assert rows == [door.line for door in DOORS if door.text]
    for name, codenames in GROUPS.items():
        assert f"*{name}*: {', '.join(f'`{one}`' for one in codenames)}." in said


def test_staff_open_just_what_their_permissions_name(world: World) -> None:
    wrong = []
    for user, held in (*_staff(), (_user(is_superuser=True), _codenames())):
        world.belongs_to(user)
        for place in _places():
            if len(held) > 1 and not user.is_superuser and not _is_named(place, held):
                continue  # asked for without any permission, and with each alone
            expected = _expected(place, held)
            if (answer := _answer(world, user, place)) != expected:
                wrong.append(f"{place} with {sorted(held)}: {answer} instead of {expected}")

    assert not wrong, "\n".join(wrong)


def test_nobody_else_opens_anything_but_the_player_of_the_site(world: World) -> None:
    everything = _user(_codenames(), is_staff=False)
    wrong = []
    for user in (AnonymousUser(), _user(is_staff=False), everything):
        world.belongs_to(user)
        for place in _places():
            is_public = place.url in ("video", "webhook")
            expected = _expected(place, ()) if is_public else CLOSED
            if (answer := _answer(world, user, place)) != expected:
                wrong.append(f"{place} for {user}: {answer} instead of {expected}")

    assert not wrong, "\n".join(wrong)


def test_rows_that_the_site_hides_are_closed_to_superusers(
    world: World, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = VideoAdmin.get_queryset
    monkeypatch.setattr(VideoAdmin, "get_queryset", lambda *args: shown(*args).filter(title="Sky"))
    wrong = []
    for place in filter(partial(_is_about_a_video, world), _places()):
        request = _request(admin_user, place.method, world.path(place), world.data(place))
        with _undone() as writes:
            answer = _outcome(request)
        if writes or (answer == OPEN and "videos" not in dict(place.data)):
            wrong.append(f"{place}: {answer}, written: {writes}")

    assert not wrong, "\n".join(wrong)


def test_every_permission_of_the_app_opens_a_door() -> None:
    assert _codenames() == {one for door in DOORS if door.text for one in door.needs}


def test_what_a_group_holds_is_needed_by_the_doors_that_it_opens() -> None:
    for codenames in GROUPS.values():
        held = {*codenames}

        opened = [door for door in DOORS if held.issuperset(door.needs)]

        assert held == {one for door in opened for one in door.needs}


def _admins() -> dict[str, admin.ModelAdmin[Any]]:
    """Return ours of the default site, by the names of their models."""
    return {
        str(model._meta.model_name): model_admin
        for model, model_admin in admin.site._registry.items()
        if model._meta.app_label == "sora_remix"
    }


def _urls() -> set[str]:
    """Return the names of all our URLs; of one without a name, its model and its route."""
    found = {str(pattern.name) for pattern in urls.urlpatterns}
    for model, model_admin in _admins().items():
        names = (one.name or f"{model}_{one.pattern}" for one in model_admin.get_urls())
        found.update(name.removeprefix("sora_remix_") for name in names)
    return found


def _codenames() -> frozenset[str]:
    own = Permission.objects.filter(content_type__app_label="sora_remix")
    return frozenset(own.values_list("codename", flat=True))


def _user(held: Collection[str] = (), **values: Any) -> User:
    user = User.objects.create_user(f"user-{uuid4().hex}", **{"is_staff": True, **values})
    user.user_permissions.set(Permission.objects.filter(codename__in=held))
    return user


def _staff() -> Iterator[tuple[User, frozenset[str]]]:
    """Make users with no permission, each alone, what each door needs, and one less than that."""
    needed = [frozenset(door.needs) - {NOBODY, ANYBODY} for door in DOORS]
    one_less = [needs - {one} for needs in needed for one in needs]
    alone = [frozenset({one}) for one in sorted(_codenames())]
    for held in dict.fromkeys([frozenset(), *alone, *needed, *one_less]):
        yield _user(held), held


def _places() -> list[Place]:
    """Return all of the table, what is refused everywhere, and HEAD for each GET of ours."""
    listed = [place for door in DOORS for place in door.places]
    refused = [Place(url, "POST") for url in ONLY_GET] + [Place(url) for url in ONLY_POST]
    places = [*listed, *refused]
    heads = [
        Place(one.url, "HEAD", one.row, one.data)
        for one in places
        if one.method == "GET" and not one.url.startswith("action:") and not DJANGOS.search(one.url)
    ]
    return list(dict.fromkeys([*places, *heads]))


def _is_about_a_video(world: World, place: Place) -> bool:
    """Tell whether a place needs a video that no remix shows as well."""
    if not place.url.startswith("video_") or place.row or place.url.endswith("<path:object_id>/"):
        return False
    return "{video}" in str(place.data) or f"/{world.rows['video'].pk}/" in world.path(place)


def _expected(place: Place, held: Collection[str]) -> str:
    """Return what the table says; like everywhere in Django, who may change may also view."""
    if (place.url in ONLY_GET) if place.method == "POST" else (place.url in ONLY_POST):
        return REFUSED
    may = {*held, ANYBODY, *(f"view_{one[7:]}" for one in held if one.startswith("change_"))}
    return OPEN if any(may.issuperset(needs) for needs in _needed(place)) else CLOSED


def _is_named(place: Place, held: Collection[str]) -> bool:
    """Tell whether a permission of these is among those that the place needs."""
    return any(not {*held}.isdisjoint(needs) for needs in _needed(place))


@cache
def _needed(place: Place) -> tuple[tuple[str, ...], ...]:
    listed = replace(place, method="GET") if place.method == "HEAD" else place
    return tuple(door.needs for door in DOORS if listed in door.places)


def _answer(world: World, user: Any, place: Place) -> str:
    """Ask for a place; what is closed must have written nothing, what is open is undone."""
    if place.url.startswith("action:"):
        return _offer(user, place)
    request = _request(user, place.method, world.path(place), world.data(place))
    with _undone() as writes:
        answer = _outcome(request)
    return answer if answer == OPEN or not writes else f"{answer}, but written: {writes}"


def _offer(user: Any, place: Place) -> str:
    """Tell whether the list is open and offers an action there."""
    _action, model, name = place.url.split(":")
    model_admin, request = _admins()[model], _request(user, "GET", "/", {})
    if not (admin.site.has_permission(request) and model_admin.has_view_permission(request)):
        return CLOSED
    return OPEN if name in model_admin.get_actions(request) else CLOSED


def _request(user: Any, method: str, path: str, data: dict[str, str]) -> HttpRequest:
    request: Any = getattr(RequestFactory(), method.lower())(path, data)
    request.user = user
    request._messages = CookieStorage(request)
    request._dont_enforce_csrf_checks = True
    return request  # type: ignore[no-any-return]


def _outcome(request: HttpRequest) -> str:
    """Call the view; pages are not rendered."""
    match = resolve(request.path_info)
    request.resolver_match = match
    try:
        response = match.func(request, *match.args, **match.kwargs)
    except BadRequest:
        return OPEN
    except (PermissionDenied, Http404):
        return CLOSED
    if response.status_code == 405:
        return REFUSED
    led_away = response.headers.get("Location", "").partition("?")[0]
    is_away = led_away in (reverse("admin:login"), reverse("admin:index"))
    return CLOSED if is_away or response.status_code in (403, 404) else OPEN


@contextmanager
def _undone() -> Iterator[list[str]]:
    """Collect what is written to the database, and undo it."""
    writes: list[str] = []

    def note(execute: Any, sql: str, *args: Any) -> Any:
        writes.extend([sql] if sql.startswith(WRITES) else [])
        return execute(sql, *args)

    with transaction.atomic():
        with connection.execute_wrapper(note):
            yield writes
        transaction.set_rollback(True)


def _reversed(name: str, args: list[Any]) -> str:
    try:
        return reverse(name, args=args)
    except NoReverseMatch:
        return ""
