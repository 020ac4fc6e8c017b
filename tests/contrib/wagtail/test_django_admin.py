"""Pages in Wagtail keep to the rows and permissions of the site's own Django admin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.http import HttpRequest
from django.test import RequestFactory
from django.urls import clear_script_prefix, set_script_prefix
from pytest_django import Settings

from sora_remix.admin import VideoAdmin
from sora_remix.contrib.wagtail.django_admin import DjangoAdmin
from sora_remix.models import RemixBatch, Video
from tests.admin_pages import make_site, urls_with
from tests.approved_videos import show
from tests.sites.wagtail.people import make_editor

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("media_root")]


class OwnVideos(VideoAdmin):
    """Shows people what they have added."""

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).filter(created_by=request.user.pk)


class UnlockedVideos(VideoAdmin):
    """Shows only single videos that are not locked."""

    def has_view_permission(self, request: HttpRequest, obj: Video | None = None) -> bool:
        return obj is None or obj.title != "Locked"


@pytest.fixture
def office(settings: Settings) -> None:
    """A site whose only admin lets in people who aren't staff, and has no ModelAdmin of remixes."""
    site = make_site(Video, RemixBatch, name="office", Video=OwnVideos)
    settings.ROOT_URLCONF = urls_with(("office/", site))


@pytest.fixture
def below_a_path() -> Iterator[None]:
    """A site that its server has below a path."""
    set_script_prefix("/sub/")
    yield
    clear_script_prefix()


@pytest.fixture
def request_of_editor(rf: RequestFactory) -> HttpRequest:
    """A request of an editor who isn't staff."""
    request = rf.get("/cms/")
    request.user = make_editor(is_staff=False)
    return request


@pytest.mark.usefixtures("office", "below_a_path")
def test_admin_site_of_your_own_decides_who_may_enter(request_of_editor: HttpRequest) -> None:
    found = DjangoAdmin(request_of_editor)

    assert found.may_remix
    assert found.links.start_url() == "/sub/office/sora_remix/video/remix/"


@pytest.mark.usefixtures("office")
def test_admin_site_of_your_own_decides_about_rows(request_of_editor: HttpRequest) -> None:
    own = show(created_by=request_of_editor.user)
    show()

    found = DjangoAdmin(request_of_editor)

    assert [*found.visible_videos()] == [*found.choosable_videos()] == [own]
    assert not found.visible_remixes()


def test_object_permissions_decide_about_a_single_video(
    request_of_editor: HttpRequest, settings: Settings
) -> None:
    site = make_site(Video, name="office", Video=UnlockedVideos)
    settings.ROOT_URLCONF = urls_with(("office/", site))
    locked, other = show(title="Locked"), show()

    found = DjangoAdmin(request_of_editor)

    assert found.find_video(locked.pk) is None and found.find_video(other.pk) == other
    assert found.keep_viewable(found.visible_videos()) == [other]


def test_site_without_a_django_admin_has_no_links_to_it(
    request_of_editor: HttpRequest, settings: Settings
) -> None:
    video = show()
    request_of_editor.user.is_staff = True
    settings.ROOT_URLCONF = urls_with()

    found = DjangoAdmin(request_of_editor)

    assert not found.may_remix and found.links.change_url(video) == ""
    assert [*found.choosable_videos()] == [video]
