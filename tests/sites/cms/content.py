"""Pages of the site."""

from __future__ import annotations

from typing import Any

from cms.api import add_plugin, create_page
from cms.models import Page, PageContent, Placeholder
from cms.toolbar.utils import get_object_edit_url
from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.contrib.sites.models import Site
from django.db.transaction import atomic
from djangocms_versioning.constants import DRAFT
from djangocms_versioning.models import Version

from sora_remix.contrib.cms.models import VideoPlugin
from sora_remix.models import Video
from tests.sites.cms.people import make_editor
from tests.sites.cms.settings import SITE_ID
from tests.sites.content import sample_videos
from tests.users import User

TEMPLATE = "cms_site/page.html"


def make_home(by: User, title: str = "Harbour News") -> PageContent:
    """Make the first page of the site, still a draft."""
    _forget_keys()
    named = {"domain": "localhost", "name": title}
    Site.objects.update_or_create(pk=SITE_ID, defaults=named)
    with atomic():
        page: Page = create_page(title, TEMPLATE, "en", created_by=by)
        page.set_as_homepage()
    return draft_of(page)


def _forget_keys() -> None:
    """Forget primary keys that change when a test has emptied all tables."""
    ContentType.objects.clear_cache()
    Site.objects.clear_cache()
    versioning: Any = apps.get_app_config("djangocms_versioning")
    for one in versioning.cms_extension.versionables:
        vars(one).pop("content_types", None)


def draft_of(page: Page) -> PageContent:
    """Return the version of a page that can be edited."""
    return PageContent.admin_manager.get(page=page, versions__state=DRAFT)


def placeholder_of(content: PageContent) -> Placeholder:
    """Return the part of the page that editors fill."""
    return content.get_placeholders().get(slot="content")


def place(content: PageContent, video: Video | None, **options: Any) -> VideoPlugin:
    """Place a video on a page."""
    placeholder = placeholder_of(content)
    named = {"video": video, **options}
    plugin: VideoPlugin = add_plugin(placeholder, "RemixVideoPlugin", content.language, **named)
    return plugin


def publish(content: PageContent, by: User) -> None:
    """Publish a page."""
    Version.objects.get_for_content(content).publish(by)


def fill() -> str:
    """Make an editor, and a page that plays an approved video; return where its draft is edited."""
    editor = make_editor()
    videos = sample_videos()
    videos["sea"].approve(by=editor)
    home = make_home(editor)
    place(home, videos["sea"])
    publish(home, editor)
    draft = Version.objects.get_for_content(home).copy(editor).content
    return str(get_object_edit_url(draft)).partition("?")[0]
