"""The README and the docs hold what they promise: their code runs, their commands exist."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any
from uuid import uuid4

import pytest
from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import site as default_site
from django.contrib.auth.models import AnonymousUser
from django.core.checks import ERROR
from django.core.files.base import ContentFile
from django.core.management import get_commands
from django.db.utils import ConnectionHandler
from django.template import Context, Template
from django.test import RequestFactory, override_settings
from django.urls import resolve

from sora_remix.checks import check_settings
from sora_remix.models import Approval, Budget, Remix, Video
from sora_remix.signals import budget_reached, remix_failed, remix_succeeded, video_approved
from sora_remix.storage import app_storage
from tests.docs import README, ROOT, Block, blocks, pages
from tests.factories import make_video
from tests.sites.clips.models import Article, Clip

pytestmark = pytest.mark.django_db

LARGEST_PICTURE = 200_000
"""Bytes."""
OF_OTHER_SITES = {"cms.md", "wagtail.md"}
"""Pages for sites with other apps; the tests of those follow them."""
OF_THIS_SITE = [page for page in pages() if page.name not in OF_OTHER_SITES]
NEVER_OVERRIDDEN = {"DATABASES", "INSTALLED_APPS"}
"""Tried by themselves: Django can't exchange them while it runs."""


def _is_code(page: Path) -> bool:
    return bool(blocks(page, "python"))


def _name(page: Path) -> str:
    return str(page.relative_to(ROOT))


with_code = pytest.mark.parametrize("page", [*filter(_is_code, OF_THIS_SITE)], ids=_name)
every_page = pytest.mark.parametrize("page", pages(), ids=_name)


@with_code
def test_every_block_of_python_runs(page: Path, tmp_path: Path, media_root: Path) -> None:
    site: dict[str, Any] = {
        "BASE_DIR": tmp_path,
        "INSTALLED_APPS": [*settings.INSTALLED_APPS],
        "MIDDLEWARE": [one for one in settings.MIDDLEWARE if "Locale" not in one],
    }
    for block in blocks(page, "python"):
        _RUN[block.kind](block, page, site)


def _settings(block: Block, _page: Path, site: dict[str, Any]) -> None:
    """Check a site with all settings of a page up to this block."""
    _execute(block, site)
    found = {name: value for name, value in site.items() if name.isupper()}
    assert all(AppConfig.create(entry) for entry in found["INSTALLED_APPS"])
    if databases := found.get("DATABASES"):
        with closing(ConnectionHandler(databases)["default"]) as connection:
            connection.cursor().execute("SELECT 1")
    changed = {name: found[name] for name in found.keys() - NEVER_OVERRIDDEN}
    with override_settings(**changed):
        messages = check_settings(None)
    assert [one for one in messages if one.level >= ERROR or one.id == "sora_remix.W001"] == []


def _urls(block: Block, _page: Path, _site: dict[str, Any]) -> None:
    module: Any = ModuleType("urls")
    module.urlpatterns = []
    _execute(block, vars(module))
    for path in (f"/sora_remix/webhook/{uuid4()}/", "/sora_remix/video/token/file/"):
        assert resolve(path, urlconf=module).app_names == ["sora_remix"]


def _views(block: Block, page: Path, _site: dict[str, Any]) -> None:
    """Answer a request, with the HTML of the page as the template."""
    names = _execute(block)
    if isinstance(view := names["videos"], Video.objects.all().__class__):
        assert view.db == "replica"
        return
    make_video(file="a.mp4", approval=Approval.APPROVED)
    [html] = blocks(page, "html")
    loader = ("django.template.loaders.locmem.Loader", {"videos.html": html.text})
    engine = {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "OPTIONS": {"loaders": [loader, "django.template.loaders.app_directories.Loader"]},
    }
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    with override_settings(TEMPLATES=[engine]):
        assert "<video " in view(request).content.decode()


def _admin(block: Block, _page: Path, _site: dict[str, Any]) -> None:
    try:
        names = _execute(block, {"Clip": Clip, "Article": Article})
        site = names.get("editors", default_site)
        assert site.is_registered(Video)
        assert site.is_registered(Remix)
        assert site.urls
        assert "editors" in names or {Clip, Article} & site._registry.keys()
    finally:
        default_site.unregister({Clip, Article} & default_site._registry.keys())


def _signals(block: Block, _page: Path, _site: dict[str, Any]) -> None:
    said: list[str] = []
    video = SimpleNamespace(file=SimpleNamespace(url="/media/a.mp4"))
    with _receivers_removed():
        names = _execute(block, {"print": said.append})
        for signal in (remix_succeeded, remix_failed):
            remix = SimpleNamespace(result=video, error_code="given_up")
            signal.send(sender=Remix, remix=remix)
        clip = SimpleNamespace(clip=SimpleNamespace(save=lambda name, file: None))
        file = SimpleNamespace(open=lambda mode: nullcontext())
        remix = SimpleNamespace(source_object=clip, pk=1)
        result = SimpleNamespace(remix=remix, file=file, extension=".mp4")
        video_approved.send(sender=Video, video=result)
        budget = Budget(is_for_site=True, amount=50)
        budget_reached.send(sender=Budget, budget=budget, percent=80)
    assert names
    assert len(said) == block.text.count("@receiver(")


def _code(block: Block, _page: Path, _site: dict[str, Any]) -> None:
    video = make_video(sora_id="", file="a.mp4", size=1000, container="mp4", video_codec="h264")
    app_storage().save("clips/sea.mp4", ContentFile(b"a file that the site has"))
    _execute(block, {"videos": [video], "request": SimpleNamespace(user=None)})


_RUN: Mapping[str, Callable[[Block, Path, dict[str, Any]], None]] = {
    "settings.py": _settings,
    "urls.py": _urls,
    "views.py": _views,
    "admin.py": _admin,
    "signals.py": _signals,
    "code": _code,
}


def _execute(block: Block, names: dict[str, Any] | None = None) -> dict[str, Any]:
    names = {} if names is None else names
    exec(compile(block.text, block.kind, "exec"), names)
    return names


@contextmanager
def _receivers_removed() -> Iterator[None]:
    signals = (remix_succeeded, remix_failed, budget_reached, video_approved)
    kept = [[*signal.receivers] for signal in signals]
    try:
        yield
    finally:
        for signal, receivers in zip(signals, kept, strict=True):
            signal.receivers[:] = receivers
            signal.sender_receivers_cache.clear()


@pytest.mark.parametrize("page", OF_THIS_SITE, ids=_name)
def test_every_template_renders(page: Path) -> None:
    video = make_video(file="a.mp4", approval=Approval.APPROVED)

    for html in blocks(page, "html"):
        assert "<video " in Template(html.text).render(Context({"video": video, "videos": [video]}))


@every_page
def test_every_command_exists(page: Path) -> None:
    shell = "".join(block.text for block in blocks(page, "sh"))

    assert {*re.findall(r"manage\.py (\w+)", shell)} <= get_commands().keys()


def test_readme_fits_the_first_hour() -> None:
    assert len(README.read_text().splitlines()) <= 200


def test_readme_makes_sense_where_the_repository_is_not() -> None:
    links = re.findall(r"(!?)\[([^\]]+)\]\(([^)]+)\)", README.read_text())

    assert links
    for picture, text, target in links:
        if picture:  # elsewhere, its description stands in its place
            assert len(text) > 30
            assert (ROOT / target).stat().st_size < LARGEST_PICTURE
        else:
            assert target.startswith("https://")


def test_readme_names_only_files_that_exist() -> None:
    named = re.findall(r"`((?:docs/|[A-Z]+\.)[\w/.-]*)`", README.read_text())

    assert "docs/tutorial.md" in named
    assert [name for name in named if not (ROOT / name).exists()] == []
