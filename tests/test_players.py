"""Players start as asked, in any template engine, and search engines are told what they show."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.template import Context, Template, engines
from django.test import RequestFactory, override_settings
from pytest_django import Settings

from sora_remix import jinja
from sora_remix.models import Approval, Video
from tests.factories import make_video, moment
from tests.html import find, find_all
from tests.html_validation import faults

pytestmark = pytest.mark.django_db

PAGE = '<!DOCTYPE html><html lang="en"><head><title>Sea</title></head><body>%s</body></html>'
HOSTILE = '</script><script>alert("1 & 2")</script><!--\u2028'


def _video(**values: Any) -> Video:
    known = {"approval": Approval.APPROVED, "file": "a.mp4", "thumbnail": "a.jpg", "sora_id": ""}
    return make_video(**{**known, **values})


def _django(source: str, video: Any, **context: Any) -> str:
    return Template("{% load sora_remix %}" + source).render(Context({"video": video, **context}))


def environment(**options: Any) -> Any:
    """Return the environment of a site, as in the docs."""
    from jinja2 import Environment

    made = Environment(**options)
    made.globals.update(
        remix_video=jinja.remix_video, remix_video_json_ld=jinja.remix_video_json_ld
    )
    return made


@pytest.fixture
def jinja2(settings: Settings) -> Any:
    """The site's engine for Jinja2, beside Django's."""
    backend = {
        "BACKEND": "django.template.backends.jinja2.Jinja2",
        "NAME": "jinja2",
        "OPTIONS": {"environment": "tests.test_players.environment"},
    }
    settings.TEMPLATES = [*settings.TEMPLATES, backend]
    return engines["jinja2"]


@pytest.mark.parametrize(
    ("option", "expected", "absent"),
    [
        ("", ["controls", "playsinline"], ["loop", "autoplay", "muted", "loading"]),
        ("loop=True", ["loop", "controls"], ["autoplay", "muted"]),
        ("autoplay=True", ["autoplay", "muted", "playsinline", "controls"], ["loop"]),
        ("muted=True", ["muted", "controls"], ["autoplay"]),
        ("lazy=True", ["loading"], ["autoplay"]),
    ],
)
def test_player_plays_as_asked(option: str, expected: list[str], absent: list[str]) -> None:
    page = _django(f"{{% remix_video video {option} %}}", _video())

    video = find(page, "video")
    assert [name for name in expected if name not in video.attrib] == []
    assert [name for name in absent if name in video.attrib] == []
    assert video.attrib["preload"] == ("none" if "lazy" in option else "metadata")
    assert faults(PAGE % page) == []


def test_player_that_starts_by_itself_respects_those_who_prefer_less_motion() -> None:
    shown = _django("{% remix_video video autoplay=True %}", _video())

    assert find(shown, "script", type="module").attrib["src"].endswith("autoplay.js")
    assert not find_all(_django("{% remix_video video %}", _video()), "script", type="module")


def test_jinja2_shows_the_same_player_as_django(jinja2: Any) -> None:
    video = _video(title="<b>Sea</b>")
    source = '{{ remix_video(video, title="A <beach>", loop=True) }}'

    page = jinja2.from_string(source).render({"video": video})

    django = _django('{% remix_video video title="A <beach>" loop=True %}', video)
    assert find(page, "video").attrib.keys() == find(django, "video").attrib.keys()
    assert find(page, "video").attrib["aria-label"] == "A <beach>"


def test_jinja2_brings_styles_once_for_each_request(jinja2: Any) -> None:
    template = jinja2.from_string("{{ remix_video(video) }}{{ remix_video(video) }}")

    pages = [
        template.render({"video": _video()}, RequestFactory().get("/")) for _request in range(2)
    ]

    assert [page.count("player.css") for page in pages] == [1, 1]


def test_jinja2_works_without_an_engine_for_the_templates_of_django(jinja2: Any) -> None:
    video = _video()
    [*_others, backend] = jinja2_settings()
    with override_settings(TEMPLATES=[backend]):
        page = engines["jinja2"].from_string("{{ remix_video(video) }}").render({"video": video})
    assert find_all(page, "video")


def jinja2_settings() -> list[dict[str, Any]]:
    """Return the engines of the site as they are now."""
    from django.conf import settings

    return list(settings.TEMPLATES)


@pytest.mark.parametrize("name", ["remix_video", "remix_video_json_ld"])
@pytest.mark.parametrize("values", [{"approval": Approval.NEW}, {"file": ""}])
def test_video_that_may_not_be_shown_is_left_out(
    jinja2: Any, name: str, values: dict[str, Any]
) -> None:
    video = _video(**values)

    assert _django(f"{{% {name} video %}}", video) == ""
    assert jinja2.from_string(f"{{{{ {name}(video) }}}}").render({"video": video}) == ""


def test_missing_jinja2_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib
    import sys

    monkeypatch.setitem(sys.modules, "jinja2", None)
    monkeypatch.delitem(sys.modules, "sora_remix.jinja")

    with pytest.raises(ImproperlyConfigured, match="needs Jinja2"):
        importlib.import_module("sora_remix.jinja")


def _described(video: Video, source: str = "{% remix_video_json_ld video %}") -> Any:
    request = RequestFactory().get("/news/", headers={"host": "example.com"})
    page = _django(source, video, request=request)
    script = find(page, "script", type="application/ld+json")
    assert len(find_all(page, "script")) == 1
    return json.loads(script.text or "")


def test_search_engines_are_told_dates_length_and_picture() -> None:
    video = _video(
        duration=Decimal("12.500"),
        width=1280,
        height=720,
        decided_at=moment(2026, 5, 2, 10),
    )
    Video.objects.filter(pk=video.pk).update(created_at=moment(2026, 5, 1, 10))
    video.refresh_from_db()

    described = _described(video)

    assert {key: described[key] for key in ("@context", "@type", "name", "duration")} == {
        "@context": "https://schema.org",
        "@type": "VideoObject",
        "name": "Sea",
        "duration": "PT12.5S",
    }
    assert (described["width"], described["height"]) == (1280, 720)
    assert described["uploadDate"].startswith("2026-05-01T")
    assert described["datePublished"].endswith("+00:00")
    assert described["contentUrl"] == "http://example.com/media/a.mp4"
    assert described["thumbnailUrl"] == "http://example.com/media/a.jpg"
    assert "digitalSourceType" not in described


def test_search_engines_are_told_what_a_model_made() -> None:
    described = _described(_video(sora_id="video_1"))

    kind = "https://schema.org/TrainedAlgorithmicMediaDigitalSource"
    assert described["digitalSourceType"] == kind


def test_text_of_a_video_can_not_leave_the_script() -> None:
    described = _described(_video(title=HOSTILE))

    assert described["name"] == described["description"] == HOSTILE


def test_whole_seconds_have_no_exponent() -> None:
    assert _described(_video(duration=Decimal("100.000")))["duration"] == "PT100S"


def test_name_and_description_can_be_given() -> None:
    source = '{% remix_video_json_ld video title=_("Beach") description=_("At dawn") %}'

    described = _described(_video(thumbnail="", duration=None), source)

    assert (described["name"], described["description"]) == ("Beach", "At dawn")
    assert not {"thumbnailUrl", "duration"} & described.keys()
