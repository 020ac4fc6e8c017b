"""The site plays approved videos, and nothing else, wherever a template asks for one."""

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
from tests.markup import faults

pytestmark = pytest.mark.django_db

TAG = "{% load sora_remix %}{% remix_video video %}"
PAGE = '<!DOCTYPE html><html lang="en"><head><title>Sea</title></head><body>%s</body></html>'
HOSTILE = '"><script>alert(1)</script>'


class SigningStorage(InMemoryStorage):
    """A storage whose addresses differ each time, as those that are signed do."""

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


def test_a_gif_is_an_image_that_stands_still_where_that_is_wished() -> None:
    page = _rendered(_complete(file="a.gif", container="gif", video_codec="gif"))

    assert "<video" not in page
    assert '<img src="https://files.example/a.gif?a=b&amp;signature=0" alt="Sea"' in page
    assert 'width="1280" height="720"' in page
    still = 'srcset="https://files.example/a.jpg?a=b&amp;signature=1"'
    assert f'<source media="(prefers-reduced-motion: reduce)" {still}>' in page


def test_an_approved_video_is_played(settings: Settings) -> None:
    page = _rendered(_complete())

    for attribute in (" controls", " playsinline", 'preload="metadata"', 'aria-label="Sea"'):
        assert attribute in page
    assert 'width="1280" height="720"' in page
    assert 'src="https://files.example/a.mp4?a=b&amp;signature=0"' in page
    assert 'poster="https://files.example/a.jpg?a=b&amp;signature=1"' in page
    assert " style=" not in page


def test_addresses_are_those_of_the_moment_and_none_is_stored() -> None:
    video = _approved()

    pages = [_rendered(video), _rendered(video)]

    assert ["signature=0" in pages[0], "signature=1" in pages[1]] == [True, True]
    assert video.file.name == Video.objects.get().file.name == "a.mp4"


@pytest.mark.parametrize("approval", [Approval.NEW, Approval.REJECTED])
def test_what_is_not_approved_is_not_shown_and_the_log_says_so(
    caplog: pytest.LogCaptureFixture, approval: str
) -> None:
    video = _complete(approval=approval)

    assert _rendered(video) == ""

    [record] = caplog.records
    assert (record.name, record.levelname) == ("sora_remix.templatetags.sora_remix", "WARNING")
    line = f"Did not show video {video.pk} on the site: it is {approval}, not approved"
    assert record.getMessage() == line


def test_the_log_names_the_remix_where_that_is_no_query_more(
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


def test_a_video_without_a_file_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    assert _rendered(_approved(file="")) == ""
    assert "it has no file" in caplog.text


def test_a_video_that_was_cleared_is_not_shown(caplog: pytest.LogCaptureFixture) -> None:
    video = _complete(approval=Approval.REJECTED)
    video.clear()

    assert _rendered(video) == ""
    assert "it is rejected" in caplog.text


@pytest.mark.parametrize("value", ["", "a.mp4", 12, Remix()])
def test_what_is_no_video_is_not_shown(caplog: pytest.LogCaptureFixture, value: Any) -> None:
    assert _rendered(value) == ""
    assert f"a value of type {type(value).__name__} on the site: it is not a video" in caplog.text


def test_a_variable_that_is_missing_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert _rendered(None, "{% load sora_remix %}{% remix_video vidoe %}") == ""
    assert [record.levelname for record in caplog.records if "site" in record.msg] == ["WARNING"]


def test_a_page_may_have_no_video(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)

    assert _rendered(None) == ""

    assert [record.levelname for record in caplog.records] == ["INFO"]


@pytest.mark.parametrize("template", [TAG, f"{{% autoescape off %}}{TAG}{{% endautoescape %}}"])
def test_what_people_wrote_stays_text(template: str) -> None:
    video = _complete(title=HOSTILE, captions_language=HOSTILE)

    page = _rendered(video, template)

    assert f'aria-label="{escape(HOSTILE)}"' in page
    assert f'srclang="{escape(HOSTILE)}"' in page
    assert "<script>" not in page


def test_a_template_says_how_a_player_differs() -> None:
    template = (
        '{% load sora_remix %}{% remix_video video title=words css_class="wide" preload="none" %}'
    )

    page = _rendered(_approved(), template, words="The <sea>")

    assert 'aria-label="The &lt;sea&gt;"' in page
    assert 'class="sora-remix-video wide"' in page
    assert 'preload="none"' in page


def test_a_player_can_be_kept_in_a_variable() -> None:
    template = "{% load sora_remix %}{% remix_video video as player %}[{{ player }}]"

    assert "<video" in _rendered(_approved(), template)
    assert _rendered(make_video(), template) == "[]"


def test_a_size_is_written_for_browsers_and_not_for_readers(settings: Settings) -> None:
    settings.USE_THOUSAND_SEPARATOR = True

    with translation.override("de"):
        assert 'width="1280"' in _rendered(_complete())


def test_a_size_that_is_not_known_is_left_out() -> None:
    page = _rendered(_approved(width=160))

    assert " width=" not in page
    assert " poster=" not in page
    assert "<track" not in page


def test_who_sees_no_video_gets_a_link_to_it(client: Client) -> None:
    inside = _rendered(_approved()).partition("<video")[2].partition("</video>")[0]

    href = inside.partition('<a href="')[2].partition('"')[0]
    assert "Download “Sea”</a>" in inside
    assert "https://files.example/a.mp4" in client.get(href)["Location"]


@pytest.mark.parametrize(
    ("attribute", "part"),
    [("data-renew", "a.mp4"), ("data-renew-poster", "a.jpg")],
)
def test_a_player_knows_where_its_addresses_are_renewed(
    client: Client, attribute: str, part: str
) -> None:
    page = _rendered(_complete())

    path = page.partition(f'{attribute}="')[2].partition('"')[0]
    assert client.get(path)["Location"].startswith(f"https://files.example/{part}?")


def test_captions_come_from_the_site_itself(client: Client) -> None:
    app_storage().save("a.vtt", ContentFile(b"WEBVTT"))

    track = _rendered(_complete()).partition("<track ")[2].partition(">")[0]

    assert 'kind="captions"' in track
    assert 'srclang="de" label="Deutsch"' in track
    assert client.get(track.partition('src="')[2].partition('"')[0]).content == b"WEBVTT"


def test_a_site_without_the_addresses_has_players_that_are_not_renewed(without_urls: None) -> None:
    page = _rendered(_complete())

    assert 'src="https://files.example/a.mp4' in page
    assert "data-renew" not in page
    assert "<script" not in page
    assert '<track kind="captions" src="https://files.example/a.vtt' in page
    assert 'href="https://files.example/a.mp4' in page


@pytest.mark.parametrize(
    ("values", "is_labelled"), [({"sora_id": "video_1"}, True), ({"sora_id": ""}, False)]
)
def test_what_a_model_made_is_labelled(values: dict[str, Any], is_labelled: bool) -> None:
    assert ("<figcaption>Made with AI<" in _rendered(_approved(**values))) is is_labelled


def test_the_result_of_a_remix_is_labelled_and_its_source_is_not() -> None:
    source = _approved(sora_id="")
    result = _approved(sora_id="", root=source)

    assert "Made with AI" in _rendered(result)
    assert "Made with AI" not in _rendered(source)


def test_a_site_may_label_in_its_own_way(settings: Settings) -> None:
    settings.SORA_REMIX_AI_LABEL = False

    assert "<figcaption" not in _rendered(_approved())


def test_a_site_renders_a_player_as_it_likes(tmp_path: Path, settings: Settings) -> None:
    folder = tmp_path / "sora_remix"
    folder.mkdir()
    (folder / "video.html").write_text("{{ title }} {{ src }} {{ video.pk }} {{ is_labelled }}")
    settings.TEMPLATES = [{**settings.TEMPLATES[0], "DIRS": [tmp_path]}]
    video = _approved()

    assert _rendered(video).endswith(f"signature=0 {video.pk} True")


def test_ten_players_cost_no_query_more_and_load_script_and_looks_once(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for _ in range(10):
        _complete(root=_approved(approval=Approval.NEW))
    template = "{% load sora_remix %}{% for one in videos %}{% remix_video one %}{% endfor %}"

    with django_assert_num_queries(1):
        page = _rendered(None, template, videos=Video.objects.approved())

    assert page.count("<video") == 10
    assert page.count("sora_remix/renew.js") == page.count("sora_remix/player.css") == 1


def test_players_in_included_templates_load_it_once_as_well() -> None:
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


def test_a_page_loads_it_however_often_it_is_rendered() -> None:
    context = Context({"video": _approved()})

    pages = [Template(TAG).render(context) for _ in range(2)]

    assert [page.count("renew.js") for page in pages] == [1, 1]


def test_a_page_with_a_player_is_valid_html() -> None:
    page = _rendered(_complete(title=HOSTILE), PAGE % TAG)

    assert "<track" in page
    assert "<figcaption" in page
    assert faults(page) == []


def test_the_player_speaks_the_language_of_the_visitor() -> None:
    with override_settings(LANGUAGE_CODE="de"), translation.override("de"):
        page = _rendered(_complete(captions_language=""))

    assert 'srclang="de" label="Deutsch"' in page
