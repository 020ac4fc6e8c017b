"""Pages of the site."""

from __future__ import annotations

from typing import Any

from django.contrib.contenttypes.models import ContentType
from wagtail.models import Locale, Page, Site

from tests.sites.content import sample_videos
from tests.sites.wagtail.models import StoryPage

HOST = "localhost"


def make_home() -> Page:
    """Make the site and its first page, unless they exist."""
    ContentType.objects.clear_cache()
    Locale.objects.get_or_create(language_code="en")
    if site := Site.objects.filter(is_default_site=True).first():
        return site.root_page
    root = Page.get_first_root_node() or Page.add_root(instance=Page(title="Root", slug="root"))
    home = root.add_child(instance=Page(title="Harbour News", slug="harbour"))
    Site.objects.create(hostname=HOST, root_page=home, is_default_site=True, site_name=home.title)
    return home


def make_story(home: Page, title: str = "The tide", **values: Any) -> StoryPage:
    """Publish a story below the first page."""
    story: StoryPage = home.add_child(instance=StoryPage(title=title, **values))
    story.save_revision().publish()
    return story


def fill() -> str:
    """Make an editor, and a story that plays a video; return where editors find videos."""
    from tests.sites.wagtail.people import make_editor

    videos = sample_videos()
    videos["sea"].approve(by=make_editor())
    make_story(make_home(), video=videos["sea"])
    return "/cms/sora-remix/videos/"
