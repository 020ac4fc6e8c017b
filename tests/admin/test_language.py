"""Every text of our pages can be translated: a language of full-width letters shows no others."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.contrib.contenttypes.models import ContentType
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils.translation import trans_real
from django_q.conf import Conf

from sora_remix.admin.formatting.failures import CAUSES
from sora_remix.endpoints import all_endpoints
from sora_remix.endpoints.plan import FITTABLE
from sora_remix.fal import HoldCode
from sora_remix.models import BillFlag, Chain, Remix, RemixEvent, SourceCopy
from tests import checkout
from tests.admin_urls import change_url, upload_url
from tests.browser.page_states import PAGE_STATES, REMIXES, PageState
from tests.checkout import retire_models_for_any_length
from tests.decoding.recordings import record
from tests.factories import ago, make_remix, make_video
from tests.html import messages
from tests.remix_actions import ACTIONS, ask, confirm

pytestmark = pytest.mark.django_db

Kind = RemixEvent.Kind
Status = Remix.Status

KEPT = re.compile(r"%(?:\(\w+\))?[sd]|<[^>]*>|&#?\w+;|\{[^{}]*\}")
"""What is no text: placeholders and HTML."""
SILENT = {"script", "style", "code", "pre"}
SAID = ("alt", "title", "aria-label", "aria-description", "placeholder", "label")
TYPED = {
    "Sea",
    "Noir",
    "Gone",
    "editor",
    "make it noir",
    "make it gold",
    "as film noir",
    "TXT",
}
"""What tests type in."""
DJANGO = {"Search", "True", "False"}
"""What Django has not marked: the alternative texts of its icons."""
FACT = re.compile(
    rf"{KEPT.pattern}|\S*[0-9a-f]{{8}}-?[0-9a-f]{{4}}\S*|\S+\.(?:mp4|png|vtt)|Deutsch"
)
"""What has letters and is no text either: keys, ids, files, what a language calls itself."""
WORD = re.compile(r"[A-Za-z]{2,}")


def widened(text: str) -> str:
    """Write the letters of a text full-width, and leave placeholders and HTML as they are."""
    parts = re.split(f"({KEPT.pattern})", text.rpartition("\4")[2])
    return "".join(part if at % 2 else _wide(part) for at, part in enumerate(parts))


def _wide(text: str) -> str:
    return re.sub("[A-Za-z]", lambda letter: chr(ord(letter[0]) + 0xFEE0), text)


class Wide(trans_real.DjangoTranslation):
    """A language into which everything that is marked has been translated."""

    def gettext(self, message: str) -> str:
        return widened(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return widened(msgid1 if n == 1 else msgid2)


class Texts(HTMLParser):
    """Collect the texts that a page shows or announces."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self._silent = 0
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        is_button = tag == "input" and values.get("type") in ("submit", "button", "reset")
        names = (*SAID, *(("value",) if is_button else ()))
        names += tuple(
            name
            for name in values
            if name.startswith("data-") and name != "data-allows" and _is_text(values[name])
        )
        self.found += [str(values[name]) for name in names if values.get(name)]
        self._silent += tag in SILENT

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in SILENT

    def handle_data(self, data: str) -> None:
        if not self._silent and data.strip():
            self.found.append(data.strip())


def _is_text(value: str | None) -> bool:
    return " " in (value or "") and "{" not in (value or "")


class Reader:
    """Stand in for a browser that can only open URLs."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.page = ""

    def goto(self, url: str) -> None:
        response = self.client.get(url)
        assert response.status_code == 200
        self.page = response.content.decode()

    def __getattr__(self, name: str) -> Any:
        raise Beyond(name)


class Beyond(Exception):
    """The rest of the way needs a browser."""


@pytest.fixture
def wide(monkeypatch: pytest.MonkeyPatch, settings: Any, media_root: object) -> None:
    """Have German be the language of full-width letters."""
    language = Wide("de")
    monkeypatch.setattr(trans_real, "_translations", {"de": language, "en-us": language})
    monkeypatch.setattr(trans_real, "_default", None)
    settings.LANGUAGE_CODE = "de"


@pytest.fixture
def reader(client: Client, wide: None) -> Reader:
    """A user with all permissions of the app."""
    user = User.objects.create_user("editor", is_staff=True)
    ours = ContentType.objects.filter(app_label="sora_remix")
    user.user_permissions.set(Permission.objects.filter(content_type__in=ours))
    client.force_login(user)
    return Reader(client)


def _known() -> Iterator[str]:
    """Yield the names that endpoints and their makers have, and values as they are sent."""
    yield from (one[1:].upper() for one in FITTABLE)
    for endpoint in all_endpoints().values():
        yield from (str(endpoint.label), str(endpoint.vendor), endpoint.key)
        yield from (one[1:].upper() for one in endpoint.source.extensions)
        yield from (one[1:].upper() for one in getattr(endpoint.references, "extensions", ()))
        for option in endpoint.options:
            yield from map(str, option.choices)


def english(page: str) -> list[str]:
    """Return the texts of a page in which a word is not in full-width letters."""
    known = {*WORD.findall(" ".join((*TYPED, *DJANGO, *_known())))}
    return [text for text in Texts(page).found if {*WORD.findall(FACT.sub(" ", text))} - known]


OURS = {name: place for name, place in PAGE_STATES.items() if not name.startswith("public_page")}
"""The example's own pages are no part of the app, and speak English only."""


@pytest.mark.parametrize("place", OURS.values(), ids=OURS)
def test_every_text_of_a_page_is_translatable(reader: Reader, place: PageState) -> None:
    try:
        place(reader)  # type: ignore[arg-type]
    except Beyond:
        assert reader.page
    assert english(reader.page) == []


def test_every_text_about_uploads_is_translatable(reader: Reader) -> None:
    retire_models_for_any_length()
    files = [
        SimpleUploadedFile("Sea.mp4", record("matroska")),
        SimpleUploadedFile("Noir.mp4", b"x"),
    ]

    page = reader.client.post(upload_url(), {"file": files}).content.decode()

    assert "sora-remix-upload-failed" in page
    assert "0,7" in page
    assert english(page) == []


@pytest.mark.parametrize("act", ACTIONS)
def test_every_text_about_an_action_is_translatable(reader: Reader, act: str) -> None:
    remixes = [make_remix(status=status, request_id=status) for status in ("failed", "processing")]
    asked = ask(reader.client, act, [*remixes, make_remix()])

    assert english(asked.content.decode()) == []


@pytest.mark.parametrize("endpoint", [*all_endpoints()])
def test_every_text_about_an_endpoint_is_translatable(reader: Reader, endpoint: str) -> None:
    batch = checkout.draft(checkout.make_clip(), checkout.make_clip(duration=200), make_video())
    typed = {"endpoint": endpoint, "prompt": "{wrong}", "_add": "1"}

    shown = checkout.recalculate(reader.client, batch, typed)

    assert english(shown.content.decode()) == []


@pytest.mark.parametrize("code", [*CAUSES, "http_500", "strange", ""])
def test_every_text_about_a_failure_is_translatable(reader: Reader, code: str) -> None:
    message = json.dumps({"limit": 4.5, "max_length": 2, "allowed": [".mp4"]})
    failed = make_remix(
        status=Status.FAILED, request_id="1", error_code=code, error_message=message
    )

    reader.goto(change_url(failed))

    assert english(reader.page) == []


def test_every_text_about_an_event_is_translatable(reader: Reader) -> None:
    remix = make_remix(status=Status.PROCESSING, cancel_requested_at=ago(hours=1))
    for kind in RemixEvent.Kind.values:
        details = {
            Kind.REQUESTED: "1",
            Kind.FAILED: "not_a_video",
            Kind.BILL_FLAGGED: "repeated",
            Kind.EXCEEDED: "3.5",
        }
        detail = details.get(Kind(kind), "")
        RemixEvent.objects.create(remix=remix, kind=kind, detail=detail)

    reader.goto(change_url(remix).replace("change", "history"))

    assert len(RemixEvent.objects.all()) > 10
    assert english(reader.page) == []


FAILING = {"failing_since": ago(hours=1), "failures": 4, "error_message": "503"}


@pytest.mark.parametrize(
    "values",
    [
        {"status": Status.PROCESSING, "cancel_requested_at": ago(hours=1)},
        {"status": Status.SUCCEEDED, "cancel_requested_at": ago(hours=1)},
        {"status": Status.PROCESSING, **FAILING, "queue_position": 3},
        {"status": Status.STORING, **FAILING, "failures": 1},
        {"status": Status.QUEUED, **FAILING, "due_at": ago(hours=-1)},
        {"status": Status.PROCESSING, "submitted_at": ago(hours=2), "request_id": "1"},
        {"status": Status.CANCELLED, "other_request_ids": ["2", "3"]},
        {"status": Status.QUEUED, "due_at": ago(minutes=9)},
        *({"billed_cost": 1, "bill_flag": flag} for flag in BillFlag.values),
    ],
)
def test_every_text_about_a_state_is_translatable(reader: Reader, values: dict[str, Any]) -> None:
    remix = make_remix(**values)
    RemixEvent.objects.create(remix=remix, kind=Kind.REFUSED, detail="credentials_refused")
    RemixEvent.objects.create(remix=remix, kind=Kind.BILL_FLAGGED, detail="repeated")
    Chain.objects.hold_back(ago(minutes=-9), "429")
    waiting = make_remix(source=checkout.make_clip(), endpoint="flux-3", is_ready=False)
    SourceCopy.objects.create(name=str(waiting.source.file), **FAILING)

    for url in (change_url(remix), change_url(waiting), REMIXES):
        reader.goto(url)
        assert english(reader.page) == []


@pytest.mark.parametrize("code", list(HoldCode))
def test_every_text_about_a_refused_account_is_translatable(reader: Reader, code: str) -> None:
    remix = make_remix(status=Status.SUBMITTING)
    remix.held(code)
    Chain.objects.hold_account(code, "403", "digest")

    for url in (REMIXES, change_url(remix), f"{REMIXES}{remix.pk}/history/"):
        reader.goto(url)
        assert english(reader.page) == []


def test_every_text_about_tasks_in_the_request_is_translatable(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Conf, "SYNC", True)

    reader.goto(REMIXES)

    assert english(reader.page) == []


@pytest.mark.parametrize("act", ACTIONS)
def test_every_message_after_an_action_is_translatable(reader: Reader, act: str) -> None:
    remixes = [make_remix(status=status) for status in (Status.QUEUED, Status.FAILED)]
    remixes += [make_remix(status=Status.FAILED, request_id=f"{number}") for number in range(9)]
    remixes += [make_remix(status=Status.SUCCEEDED) for _ in range(12)]

    done = confirm(reader.client, ask(reader.client, act, remixes))

    assert messages(done)
    assert english(done.content.decode()) == []


def test_untranslatable_text_is_found() -> None:
    page = '<p>Ｍａｒｋｅｄ</p><img alt="Not marked"><p>Sea</p><script>var it</script>'

    assert english(page) == ["Not marked"]
