"""A site's own admin remixes its clips and chooses videos by their pictures."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from django.core.files.base import ContentFile
from django.urls import path
from playwright.sync_api import Page, expect
from pytest_django import Settings

import example_project.urls
from sora_remix.models import Approval, RemixBatch
from tests.admin_pages import ADMINS, make_site
from tests.approved_videos import show
from tests.browser.accessibility import look_at
from tests.browser.pages import Pages
from tests.factories import make_remix, make_video
from tests.sites.clips.admin import ArticleAdmin, ClipAdmin
from tests.sites.clips.models import Article, Clip

own_site = make_site(*ADMINS, Article, Clip, Article=ArticleAdmin, Clip=ClipAdmin)
URLS = ModuleType("urls_of_own_media")
vars(URLS)["urlpatterns"] = [
    path("editors/", own_site.urls),
    *example_project.urls.urlpatterns,
]
ADD = "/editors/clips/article/add/"
OURS = ".field-sora_remixes, .sora-remix-tools"


@pytest.fixture(autouse=True)
def urls(settings: Settings) -> None:
    settings.ROOT_URLCONF = URLS


def test_video_is_found_by_its_title_and_chosen_by_keyboard(page: Page, clip: Path) -> None:
    show(clip.read_bytes(), title="Forest")
    sea = show(clip.read_bytes(), title="Sea at dawn")
    show(clip.read_bytes(), title="Sea, not approved", approval=Approval.NEW)
    page.goto(ADD)
    page.get_by_label("Name").fill("News")

    page.locator(".field-video .select2-selection").press("Enter")
    page.locator(".select2-search__field").fill("sea")
    option = page.locator(".select2-results__option", has_text="Sea at dawn")
    expect(option.locator("img")).to_be_visible()
    expect(page.locator(".select2-results__option")).to_have_count(1)
    page.locator(".select2-search__field").press("Enter")

    chosen = page.locator(".sora-remix-chosen")
    expect(chosen).to_contain_text("Sea at dawn")
    expect(chosen.locator("img.sora-remix-thumbnail")).to_be_visible()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page).to_have_url(re.compile(r"/article/$"))
    assert Article.objects.get().video == sea


def test_picture_goes_with_its_video_when_a_pop_up_adds_another(page: Page) -> None:
    article = Article.objects.create(name="News", video=show(title="Sea", sora_id=""))
    page.goto(f"/editors/clips/article/{article.pk}/change/")
    chosen = page.locator(".sora-remix-chosen")
    expect(chosen.locator("img")).to_be_visible()

    page.locator("#id_video").evaluate(
        """(select) => {
            select.append(new Option("Another", "99", true, true));
            django.jQuery(select).trigger("change");
        }"""
    )

    expect(chosen).to_be_empty()


def test_chosen_video_stays_without_scripts(pages: Pages) -> None:
    page, _errors = pages.open(java_script_enabled=False)
    article = Article.objects.create(name="News", video=show(title="Sea"))
    page.goto(f"/editors/clips/article/{article.pk}/change/")

    page.get_by_label("Name").fill("Old news")
    page.get_by_role("button", name="Save", exact=True).click()

    expect(page).to_have_url(re.compile(r"/article/$"))
    article.refresh_from_db()
    assert article.name == "Old news" and article.video


def test_title_of_a_video_is_only_text(page: Page) -> None:
    title = "<img src=x onerror=document.title='pwned'>"
    show(title=title)
    page.goto(ADD)
    page.locator(".field-video .select2-selection").press("Enter")
    # select2 asks again when the key is let go: for a moment, "Searching…" is an option too.
    options = page.locator(".select2-results__option")
    expect(options).to_have_text([re.compile("^<img src=x")])
    page.locator(".select2-search__field").press("Enter")

    expect(page.locator(".sora-remix-chosen")).to_contain_text(title)
    expect(page).not_to_have_title("pwned")


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_chooser_has_no_fault_that_axe_finds(pages: Pages, colours: str) -> None:
    page, _errors = pages.open(color_scheme=colours)
    article = Article.objects.create(name="News", video=show(title="Sea", sora_id=""))

    page.goto(f"/editors/clips/article/{article.pk}/change/")
    expect(page.locator(".sora-remix-chosen img")).to_be_visible()
    assert look_at(page).faults == []


@pytest.mark.parametrize("colours", ["light", "dark"])
def test_clip_leads_to_the_page_to_confirm(pages: Pages, clip: Path, colours: str) -> None:
    page, _errors = pages.open(color_scheme=colours)
    mine = Clip.objects.create(name="Sea")
    mine.clip.save("sea.mp4", ContentFile(clip.read_bytes()))
    page.goto(f"/editors/clips/clip/{mine.pk}/change/")
    page.get_by_role("button", name="Remix this video").click()
    expect(page).to_have_url(re.compile(r"/confirm/$"))
    source = RemixBatch.objects.get().videos.get()
    make_remix(source=source, prompt="at night", result=make_video())

    page.goto(f"/editors/clips/clip/{mine.pk}/change/")

    expect(page.get_by_role("link", name="at night")).to_be_visible()
    # The rest is Django's, whose field for files has no label since 6.1.
    assert look_at(page, within=OURS).faults == []


def test_visitor_who_prefers_less_motion_starts_the_video(page: Page, clip: Path) -> None:
    video = show(clip.read_bytes())
    article = Article.objects.create(name="News", video=video)
    assert article.pk
    page.goto("/")

    page.evaluate(
        """() => {
            const video = document.querySelector(".sora-remix-video video");
            video.muted = video.autoplay = true;
        }"""
    )
    page.add_script_tag(url="/static/sora_remix/autoplay.js", type="module")

    page.wait_for_function("() => !document.querySelector('video').autoplay")
    assert page.evaluate("document.querySelector('video').paused")
