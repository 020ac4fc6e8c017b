"""Templates play approved videos, and nothing else."""

from __future__ import annotations

import logging
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import InMemoryStorage
from django.template import Context, Engine, Template
from django.test import Client, override_settings
from django.utils import translation
from django.utils.html import escape
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.models import Approval, Remix, Video
from sora_remix.storage import app_storage
from tests.factories import make_remix, make_video
from tests.html_validation import faults

pytestmark = pytest.mark.django_db

TAG = "{% load sora_remix %}{% remix_video video %}"
JSON_LD = "{% load sora_remix %}{% remix_video_json_ld video %}"
PAGE = '<!DOCTYPE html><html lang="en"><head><title>Sea</title></head><body>%s</body></html>'
HOSTILE = '"><script>alert(1)</script>'


class SigningStorage(InMemoryStorage):
    """A storage that signs each URL differently."""

    signatures = count()

    def url(self, name: str | None) -> str:
        return f"https://files.example/{name}?a=b&signature={next(self.signatures)}"


@pytest.fixture(autouse=True)
def storage(settings: Settings) -> None:
    backend = {"BACKEND": f"{__name__}.SigningStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": backend}
    SigningStorage.signatures = count()


@pytest.fixture
def without_urls(settings: Settings) -> None:
    """A site that has not included the addresses of the app."""
    settings.ROOT_URLCONF = "tests.urls_of_the_admin"


def _approved(**values: Any) -> Video:
    return make_video(**{"approval": Approval.APPROVED, "file": "a.mp4", **values})


def _complete(**values: Any) -> Video:
    files = {"thumbnail": "a.jpg", "captions": "a.vtt", "captions_language": "de"}
    return _approved(**{"width": 1280, "height": 720, **files, **values})


def _rendered(video: Any, template: str = TAG, **context: Any) -> str:
    return Template(template).render(Context({"video": video, **context}))


def test_gif_is_a_still_image_with_reduced_motion() -> None:
    page = _rendered(_complete(file="a.gif", container="gif", video_codec="gif"))

    assert "<video" not in page
    assert '<img src="https://files.example/a.gif?a=b&amp;signature=0" alt="Sea"' in page
    assert 'width="1280" height="720"' in page
    still = 'srcset="https://files.example/a.jpg?a=b&amp;signature=1"'
    assert f'<source media="(prefers-reduced-motion: reduce)" {still}>' in page


def test_approved_video_is_played(settings: Settings) -> None:
    page = _rendered(_complete())

    for attribute in (" controls", " playsinline", 'preload="metadata"', 'aria-label="Sea"'):
        assert attribute in page
    assert 'width="1280" height="720"' in page
    assert 'src="https://files.example/a.mp4?a=b&amp;signature=0"' in page
    assert 'poster="https://files.example/a.jpg?a=b&amp;signature=1"' in page
    assert " style=" not in page


def test_urls_are_made_for_each_request_and_never_stored() -> None:
    video = _approved()

    pages = [_rendered(video), _rendered(video)]

    assert ["signature=0" in pages[0], "signature=1" in pages[1]] == [True, True]
    assert video.file.name == Video.objects.get().file.name == "a.mp4"


@pytest.mark.parametrize("approval", [Approval.NEW, Approval.REJECTED])
def test_unapproved_video_is_not_shown_and_is_logged(
    caplog: pytest.LogCaptureFixture, approval: str
) -> None:
    video = _complete(approval=approval)

    assert _rendered(video) == ""

    [record] = caplog.records
    assert (record.name, record.levelname) == ("sora_remix.templatetags.sora_remix", "WARNING")
    line = f"Did not show video {video.pk} on the site: it is {approval}, not approved"
    assert record.getMessage() == line


def test_log_names_the_remix_if_that_needs_no_query(
    caplog: pytest.LogCaptureFixture, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    remix = make_remix(result=make_video(file="a.mp4"))
    loaded = Video.objects.select_related("remix").get(remix=remix)
    alone = Video.objects.get(remix=remix)

    with django_assert_num_queries(0):
        assert _rendered(loaded) == _rendered(alone) == ""

    lines = [record.getMessage().partition(":")[0] for record in caplog.records]
    video = f"Did not show video {loaded.pk}"
    assert lines == [f"{video} of remix {remix.pk} on the site", f"{video} on the site"]


def test_video_without_a_file_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    assert _rendered(_approved(file="")) == ""
    assert "it has no file" in caplog.text


def test_video_whose_storage_the_site_no_longer_has_is_not_shown(
    caplog: pytest.LogCaptureFixture,
) -> None:
    video = _approved(storage_alias="removed")

    assert _rendered(video) == _rendered(video, JSON_LD) == ""
    assert "STORAGES has no “removed”, where its file is" in caplog.text


def test_cleared_video_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    video = _complete(approval=Approval.REJECTED)
    video.clear()

    assert _rendered(video) == ""
    assert "it is rejected" in caplog.text


@pytest.mark.parametrize("value", ["", "a.mp4", 12, Remix()])
def test_value_that_is_not_a_video_is_not_shown(
    caplog: pytest.LogCaptureFixture, value: Any
) -> None:
    assert _rendered(value) == ""
    assert f"a value of type {type(value).__name__} on the site: it is not a video" in caplog.text


def test_missing_variable_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert _rendered(None, "{% load sora_remix %}{% remix_video vidoe %}") == ""
    assert [record.levelname for record in caplog.records if "site" in record.msg] == ["WARNING"]


def test_page_can_have_no_video(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    assert _rendered(None) == ""

    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize("template", [TAG, f"{{% autoescape off %}}{TAG}{{% endautoescape %}}"])
def test_texts_are_escaped(template: str) -> None:
    video = _complete(title=HOSTILE, captions_language=HOSTILE)

    page = _rendered(video, template)

    assert f'aria-label="{escape(HOSTILE)}"' in page
    assert f'srclang="{escape(HOSTILE)}"' in page
    assert "<script>" not in page


def test_template_can_change_a_player() -> None:
    template = (
        '{% load sora_remix %}{% remix_video video title=words css_class="wide" preload="none" %}'
    )

    page = _rendered(_approved(), template, words="The <sea>")

    assert 'aria-label="The &lt;sea&gt;"' in page
    assert 'class="sora-remix-video wide"' in page
    assert 'preload="none"' in page


def test_player_can_be_stored_in_a_variable() -> None:
    template = "{% load sora_remix %}{% remix_video video as player %}[{{ player }}]"

    assert "<video" in _rendered(_approved(), template)
    assert _rendered(make_video(), template) == "[]"


def test_size_in_an_attribute_is_not_localized(settings: Settings) -> None:
    settings.USE_THOUSAND_SEPARATOR = True

    with translation.override("de"):
        assert 'width="1280"' in _rendered(_complete())


def test_unknown_size_is_omitted() -> None:
    page = _rendered(_approved(width=160))

    assert " width=" not in page
    assert " poster=" not in page
    assert "<track" not in page


def test_player_has_a_link_for_browsers_without_video(client: Client) -> None:
    inside = _rendered(_approved()).partition("<video")[2].partition("</video>")[0]

    href = inside.partition('<a href="')[2].partition('"')[0]
    assert "Download “Sea”</a>" in inside
    assert "https://files.example/a.mp4" in client.get(href)["Location"]


@pytest.mark.parametrize(
    ("attribute", "part"),
    [("data-renew", "a.mp4"), ("data-renew-poster", "a.jpg")],
)
def test_player_has_the_url_that_renews_its_file_urls(
    client: Client, attribute: str, part: str
) -> None:
    page = _rendered(_complete())

    path = page.partition(f'{attribute}="')[2].partition('"')[0]
    assert client.get(path)["Location"].startswith(f"https://files.example/{part}?")


def test_captions_are_served_by_the_site(client: Client) -> None:
    app_storage().save("a.vtt", ContentFile(b"WEBVTT"))

    track = _rendered(_complete()).partition("<track ")[2].partition(">")[0]

    assert 'kind="captions"' in track
    assert 'srclang="de" label="Deutsch"' in track
    assert client.get(track.partition('src="')[2].partition('"')[0]).content == b"WEBVTT"


def test_site_without_the_urls_has_players_without_renewal(without_urls: None) -> None:
    page = _rendered(_complete())

    assert 'src="https://files.example/a.mp4' in page
    assert "data-renew" not in page
    assert "<script" not in page
    assert '<track kind="captions" src="https://files.example/a.vtt' in page
    assert 'href="https://files.example/a.mp4' in page


@pytest.mark.parametrize(
    ("values", "is_labelled"), [({"sora_id": "video_1"}, True), ({"sora_id": ""}, False)]
)
def test_generated_video_is_labelled(values: dict[str, Any], is_labelled: bool) -> None:
    assert ("<figcaption>Made with AI<" in _rendered(_approved(**values))) is is_labelled


def test_result_of_a_remix_is_labelled_and_its_source_is_not() -> None:
    source = _approved(sora_id="")
    result = _approved(sora_id="", root=source)

    assert "Made with AI" in _rendered(result)
    assert "Made with AI" not in _rendered(source)


def test_site_can_change_the_label(settings: Settings) -> None:
    settings.SORA_REMIX_AI_LABEL = False

    assert "<figcaption" not in _rendered(_approved())


def test_site_can_override_the_template(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "sora_remix"
    folder.mkdir()
    (folder / "video.html").write_text("{{ title }} {{ src }} {{ video.pk }} {{ is_labelled }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    video = _approved()

    assert _rendered(video).endswith(f"signature=0 {video.pk} True")


def test_ten_players_need_no_further_query_and_load_script_and_style_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(10):
        _complete(root=_approved(approval=Approval.NEW))
    template = "{% load sora_remix %}{% for one in videos %}{% remix_video one %}{% endfor %}"

    with django_assert_num_queries(1):
        page = _rendered(None, template, videos=Video.objects.approved())

    assert page.count("<video") == 10
    assert page.count("sora_remix/renew.js") == page.count("sora_remix/player.css") == 1


def test_players_in_included_templates_load_the_script_once() -> None:
    engine = Engine(
        loaders=[
            ("django.template.loaders.locmem.Loader", {"card.html": TAG}),
            "django.template.loaders.app_directories.Loader",
        ],
        libraries={"sora_remix": "sora_remix.templatetags.sora_remix"}
        | {name: f"django.templatetags.{name}" for name in ("i18n", "l10n", "static")},
    )
    cards = engine.from_string(
        "{% for video in videos %}{% include 'card.html' %}{% include 'card.html' only %}"
        "{% include 'card.html' with video=video only %}{% endfor %}"
    )

    pages = [cards.render(Context({"videos": [_approved(), _approved()]})) for _ in range(2)]

    assert [page.count("<video") for page in pages] == [4, 4]
    assert [page.count("renew.js") for page in pages] == [1, 1]


def test_page_rendered_repeatedly_loads_the_script_each_time() -> None:
    context = Context({"video": _approved()})

    pages = [Template(TAG).render(context) for _ in range(2)]

    assert [page.count("renew.js") for page in pages] == [1, 1]


def test_page_with_a_player_is_valid_html() -> None:
    page = _rendered(_complete(title=HOSTILE), PAGE % TAG)

    assert "<track" in page
    assert "<figcaption" in page
    assert faults(page) == []


def test_player_is_in_the_language_of_the_visitor() -> None:
    with override_settings(LANGUAGE_CODE="de"), translation.override("de"):
        page = _rendered(_complete(captions_language=""))

    assert 'srclang="de" label="Deutsch"' in page
