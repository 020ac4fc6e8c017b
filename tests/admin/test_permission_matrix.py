"""Each page and action is open only to users with the permissions in the README.

The URLs come from the site itself: a new page fails here until it is in the matrix.
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
from sora_remix.admin.results.grid import COMPARE, FURTHER
from sora_remix.management.commands.sora_remix_groups import GROUPS
from sora_remix.models import PromptPreset, RemixBatch
from sora_remix.storage import app_storage
from sora_remix.tokens import make_token
from tests.budgets import make_budget
from tests.checkout import draft
from tests.factories import make_remix, make_video
from tests.permission_matrix import ANYBODY, MATRIX, NOBODY, ONLY_GET, ONLY_POST, PageRequest

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
    """URLs already reversed."""

    def belongs_to(self, user: Any) -> None:
        """Give a user a draft and a preset of their own."""
        RemixBatch.objects.filter(pk=self.rows["own_draft"].pk).update(created_by=user.pk)
        PromptPreset.objects.filter(pk=self.rows["promptpreset"].pk).update(owner=user.pk)

    def path(self, page: PageRequest) -> str:
        """Return the path of a request."""
        key = (page.url, page.row)
        if key not in self.paths:
            self.paths[key] = self._path(page)
        return self.paths[key]

    def _path(self, page: PageRequest) -> str:
        if page.url == "webhook":
            return reverse("sora_remix:webhook", args=[uuid4()])
        model, _, route = page.url.partition("_")
        row = self.rows[page.row or model]
        if page.url == "video":
            return reverse("sora_remix:video", args=[make_token(row.pk), "file"])
        if route.startswith("<"):
            return reverse(f"admin:sora_remix_{model}_changelist") + f"{row.pk}/"
        # An act has the same name for one row and for a selection.
        tried = ([row.pk], [row.pk, "file"]) if page.row else ([], [row.pk], [row.pk, "file"])
        paths = (_reversed(f"admin:sora_remix_{page.url}", args) for args in tried)
        return next(filter(None, paths))

    def data(self, page: PageRequest) -> dict[str, str]:
        """Return the data of a request."""
        known = {name: str(row.pk) for name, row in self.rows.items()}
        known["revision"] = self.rows["video"].revision
        return {name: value.format(**known) for name, value in page.data}


@pytest.fixture
def world(media_root: Path) -> World:
    """A separate video, a batch with a remix, two drafts, and a preset."""
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
            "budget": make_budget(5),
            "promptpreset": PromptPreset.objects.create(name="Noir", text="noir"),
        }
    )


def test_every_url_and_method_of_the_site_is_in_the_matrix() -> None:
    listed = {(page.url, page.method) for row in MATRIX for page in row.pages}
    refused = {(url, "POST") for url in ONLY_GET} | {(url, "GET") for url in ONLY_POST}

    found = {(url, method) for url in _urls() for method in ("GET", "POST")}

    actions = {one for one in listed if one[0].startswith("action:")}
    assert found == (listed - actions) | refused
    assert not listed & refused


def test_every_action_on_a_selection_is_in_the_matrix(admin_user: User) -> None:
    pages = [page for row in MATRIX for page in row.pages]
    listed = {page.url for page in pages if page.url.startswith("action:")}
    cells = {dict(page.data)["action"] for page in pages if page.url == "remixbatch_cells"}
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

    assert rows == [row.line for row in MATRIX if row.text]
    for name, codenames in GROUPS.items():
        assert f"*{name}*: {', '.join(f'`{one}`' for one in codenames)}." in said


def test_staff_can_open_exactly_the_pages_that_their_permissions_name(world: World) -> None:
    wrong = []
    for user, held in (*_staff(), (_user(is_superuser=True), _codenames())):
        world.belongs_to(user)
        for page in _pages():
            if len(held) > 1 and not user.is_superuser and not _is_named(page, held):
                continue  # asked for without any permission, and with each alone
            expected = _expected(page, held)
            if (answer := _answer(world, user, page)) != expected:
                wrong.append(f"{page} with {sorted(held)}: {answer} instead of {expected}")

    assert not wrong, "\n".join(wrong)


def test_other_users_can_open_only_the_public_player(world: World) -> None:
    everything = _user(_codenames(), is_staff=False)
    wrong = []
    for user in (AnonymousUser(), _user(is_staff=False), everything):
        world.belongs_to(user)
        for page in _pages():
            is_public = page.url in ("video", "webhook")
            expected = _expected(page, ()) if is_public else CLOSED
            if (answer := _answer(world, user, page)) != expected:
                wrong.append(f"{page} for {user}: {answer} instead of {expected}")

    assert not wrong, "\n".join(wrong)


def test_rows_hidden_by_the_site_are_closed_to_superusers(
    world: World, admin_user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = VideoAdmin.get_queryset
    monkeypatch.setattr(VideoAdmin, "get_queryset", lambda *args: shown(*args).filter(title="Sky"))
    wrong = []
    for page in filter(partial(_is_about_a_video, world), _pages()):
        request = _request(admin_user, page.method, world.path(page), world.data(page))
        with _undone() as writes:
            answer = _outcome(request)
        if writes or (answer == OPEN and "videos" not in dict(page.data)):
            wrong.append(f"{page}: {answer}, written: {writes}")

    assert not wrong, "\n".join(wrong)


def test_every_permission_of_the_app_is_needed_by_a_page() -> None:
    assert _codenames() == {one for row in MATRIX if row.text for one in row.needs}


def test_every_permission_of_a_group_is_needed_by_its_pages() -> None:
    for codenames in GROUPS.values():
        held = {*codenames}

        opened = [row for row in MATRIX if held.issuperset(row.needs)]

        assert held == {one for row in opened for one in row.needs}


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
    """Yield users with no permission, with one, with all that a row needs, and with one less."""
    needed = [frozenset(row.needs) - {NOBODY, ANYBODY} for row in MATRIX]
    one_less = [needs - {one} for needs in needed for one in needs]
    alone = [frozenset({one}) for one in sorted(_codenames())]
    for held in dict.fromkeys([frozenset(), *alone, *needed, *one_less]):
        yield _user(held), held


def _pages() -> list[PageRequest]:
    """Return all requests of the matrix, refused ones, and HEAD for each GET of our pages."""
    listed = [page for row in MATRIX for page in row.pages]
    refused = [PageRequest(url, "POST") for url in ONLY_GET] + [
        PageRequest(url) for url in ONLY_POST
    ]
    pages = [*listed, *refused]
    heads = [
        PageRequest(one.url, "HEAD", one.row, one.data)
        for one in pages
        if one.method == "GET" and not one.url.startswith("action:") and not DJANGOS.search(one.url)
    ]
    return list(dict.fromkeys([*pages, *heads]))


def _is_about_a_video(world: World, page: PageRequest) -> bool:
    """Return whether a page needs a video that no remix shows."""
    if not page.url.startswith("video_") or page.row or page.url.endswith("<path:object_id>/"):
        return False
    return "{video}" in str(page.data) or f"/{world.rows['video'].pk}/" in world.path(page)


def _expected(page: PageRequest, held: Collection[str]) -> str:
    """Return the expected outcome; in Django, permission to change includes permission to view."""
    if (page.url in ONLY_GET) if page.method == "POST" else (page.url in ONLY_POST):
        return REFUSED
    may = {*held, ANYBODY, *(f"view_{one[7:]}" for one in held if one.startswith("change_"))}
    return OPEN if any(may.issuperset(needs) for needs in _needed(page)) else CLOSED


def _is_named(page: PageRequest, held: Collection[str]) -> bool:
    """Return whether the page needs one of these permissions."""
    return any(not {*held}.isdisjoint(needs) for needs in _needed(page))


@cache
def _needed(page: PageRequest) -> tuple[tuple[str, ...], ...]:
    listed = replace(page, method="GET") if page.method == "HEAD" else page
    return tuple(row.needs for row in MATRIX if listed in row.pages)


def _answer(world: World, user: Any, page: PageRequest) -> str:
    """Return the outcome of a request and undo it; a refused one must not have written."""
    if page.url.startswith("action:"):
        return _offer(user, page)
    request = _request(user, page.method, world.path(page), world.data(page))
    with _undone() as writes:
        answer = _outcome(request)
    return answer if answer == OPEN or not writes else f"{answer}, but written: {writes}"


def _offer(user: Any, page: PageRequest) -> str:
    """Return whether the list is open and offers the action."""
    _action, model, name = page.url.split(":")
    model_admin, request = _admins()[model], _request(user, "GET", "/", {})
    if not (admin.site.has_permission(request) and model_admin.has_view_permission(request)):
        return CLOSED
    return OPEN if name in model_admin.get_actions(request) else CLOSED


def _request(user: Any, method: str, path: str, data: dict[str, str]) -> HttpRequest:
    request: Any = getattr(RequestFactory(), method.lower())(path, data)
    request.user, request.session = user, {}
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
    """Collect the writes to the database and undo them."""
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
