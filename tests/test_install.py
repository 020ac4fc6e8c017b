"""A site is given the app by the docs, beside its own pages, and runs on after it is removed."""

from __future__ import annotations

import re
from pathlib import Path

from example_project.fal_sandbox.process import SandboxProcess
from tests.built_site import BuiltSite, commands, has_its_own_database
from tests.docs import DOCS, block
from tests.processes import wait_until

INSTALL = DOCS / "how-to" / "install.md"
WORKERS = DOCS / "how-to" / "workers.md"
UNINSTALL = DOCS / "how-to" / "uninstall.md"
MAKE = "manage.py makemigrations articles"
ARTICLE = """
from django.db import models

class Article(models.Model):
    name = models.CharField(max_length=100)
"""
VIDEO = """
    video = models.ForeignKey("sora_remix.Video", on_delete=models.SET_NULL, null=True)
"""
TEXT = """
    text = models.TextField(default="")
"""
ANSWERS_ALL = """
from django.http import HttpResponse
from django.urls import re_path

urlpatterns += [re_path("", lambda request: HttpResponse("A page of the CMS"))]
"""
CLIENT = """
from django.test import Client
client = Client(headers={"host": "localhost"})
"""
ADDRESSES = """
from django.urls import resolve, reverse
from sora_remix.models import Remix
assert resolve(reverse("sora_remix:webhook", args=[Remix().key])).app_names == ["sora_remix"]
assert client.get("/news/").content == b"A page of the CMS"
assert client.get("/admin/sora_remix/video/").url.startswith("/admin/login/")
"""
IN_FLIGHT = """
from articles.models import Article
from sora_remix import services
from sora_remix.models import Video
video = Video.objects.get(pk=12)
Article.objects.create(name="News", video=video, text="The tide turns")
services.request_remixes([video], ["at night", "in ink"], endpoint="grok")
"""
LEFT_OVER = """
from articles.models import Article
from django.contrib.contenttypes.models import ContentType
from django_q.models import Schedule
from django_q.tasks import async_task
assert Article.objects.get().text == "The tide turns"
assert client.get("/news/").content == b"A page of the CMS"
assert not ContentType.objects.filter(app_label="sora_remix").exists()
assert not Schedule.objects.exists()
Schedule.objects.create(func="sora_remix.tasks.sweep")
for task in ("advance", "collect", "deliver", "fit", "read_files"):
    async_task(f"sora_remix.tasks.{task}", 1)
async_task("os.mkdir", "went_on")
"""


@has_its_own_database
def test_site_gets_the_app_by_the_docs_and_runs_on_without_it(
    sandbox: SandboxProcess, large_clip: Path, tmp_path: Path
) -> None:
    site = BuiltSite(tmp_path, sandbox)
    _write_articles(site, ARTICLE, MAKE)

    _install(site)
    site.add_videos(large_clip)
    _write_articles(site, ARTICLE + VIDEO, MAKE)
    _write_articles(site, ARTICLE + VIDEO + TEXT, MAKE, "manage.py migrate articles")
    sandbox.timing(run_seconds=600)
    with site.workers():
        site.shell(IN_FLIGHT)
        wait_until(lambda: len(sandbox.accepted()) == 2)
    _uninstall(site)

    site.shell(CLIENT, LEFT_OVER)
    with site.workers() as log:
        wait_until((tmp_path / "went_on").exists)
        assert "reincarnated" not in log.read_text()


def _install(site: BuiltSite) -> None:
    pip, migrate, groups, check, _worker, doctor = commands(INSTALL)
    assert pip.startswith("pip install ")
    site.write_settings(block(WORKERS, "python", "Q_CLUSTER"))
    site.write_settings(block(INSTALL, "python", "INSTALLED_APPS"))
    with site.urls.open("a") as urls:
        urls.write(ANSWERS_ALL + block(INSTALL, "python", "urlpatterns"))
    site.use_sandbox()
    site.manage(migrate)
    assert "Remix editors (new)" in site.manage(groups)
    assert "no issues (0 silenced)" in site.manage(check)
    with site.workers():
        assert "Problems: 0" in site.manage(doctor)
    site.shell(CLIENT, ADDRESSES)


def _uninstall(site: BuiltSite) -> None:
    make, migrate, plan, zero, stale, pip = commands(UNINSTALL)
    _write_articles(site, ARTICLE + TEXT, make, migrate)
    assert "articles.0003" in site.manage(plan)
    _forget_videos(site)
    assert {*re.findall(r"^(\w+)\.\d{4}", site.manage(plan), re.MULTILINE)} == {"sora_remix"}
    site.manage(zero)
    for file in (site.settings, site.urls):
        file.write_text(_without_the_app(file.read_text()))
    site.manage(f"{MAKE} --check")
    site.manage(stale, answer="yes")
    assert pip == "pip uninstall sora-remix"


def _write_articles(site: BuiltSite, models: str, *commands: str) -> None:
    """Give the site's own app these models, and run commands about them."""
    folder = site.folder / "articles"
    if not folder.exists():
        site.manage("manage.py startapp articles")
        site.write_settings('INSTALLED_APPS += ["articles"]\n')
    (folder / "models.py").write_text(models)
    for command in commands:
        site.manage(command)


def _forget_videos(site: BuiltSite) -> None:
    """Delete operations on the field, and dependencies on the app, as the docs say."""
    for path in (site.folder / "articles" / "migrations").glob("0*.py"):
        text = path.read_text()
        if "name='video'" in text:
            text = re.sub(r"operations = \[.*\]", "operations = []", text, flags=re.DOTALL)
        path.write_text(re.sub(r"\('sora_remix', .*\),", "", text))


def _without_the_app(text: str) -> str:
    text = text.replace('"django_q", "sora_remix"', '"django_q"')
    return text.replace('path("sora_remix/", include("sora_remix.urls")), ', "")
