"""Each check reports its problem and nothing else."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from contextlib import nullcontext
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.core.management import call_command
from django.urls import clear_script_prefix, set_script_prefix
from pytest_django import Settings

from sora_remix import checks, clock
from sora_remix.checks import check_settings

SOUND_QUEUE = {"timeout": 600, "retry": 1200, "max_attempts": 1, "ack_failures": True, "orm": "x"}
SMALL_RESULTS = {"SORA_REMIX_MAX_RESULT_BYTES": 1024**2}
LIVING = {
    "endpoint_id": "fal-ai/living",
    "label": "Living",
    "source": {"kind": "sora_id", "param": "video_id"},
    "price": {"per_source_second": "0.1"},
}


@pytest.fixture(autouse=True)
def sound(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """Start from settings that no check has anything against."""
    monkeypatch.delenv("FAL_KEY", raising=False)
    monkeypatch.delenv("FAL_KEY_ID", raising=False)
    monkeypatch.delenv("FAL_ADMIN_KEY", raising=False)
    settings.SORA_REMIX_FAL_KEY = "a key"
    settings.SORA_REMIX_ENDPOINTS = {"living": LIVING}
    settings.SORA_REMIX_ENDPOINT = "living"
    settings.Q_CLUSTER = SOUND_QUEUE


def _ids() -> list[str | None]:
    return [message.id for message in check_settings(None)]


def _queue_without(name: str) -> dict[str, Any]:
    return {key: value for key, value in SOUND_QUEUE.items() if key != name}


def test_correct_settings_have_no_messages() -> None:
    assert _ids() == []


@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        ({"SORA_REMIX_ENDPONT": "living"}, ["sora_remix.W001"]),
        ({"SORA_REMIX_FAL_KEY": None}, ["sora_remix.W002"]),
        ({"SORA_REMIX_FAL_KEY": ""}, ["sora_remix.W002"]),
        ({"SORA_REMIX_FAL_ADMIN_KEY": "an-admin-key"}, []),
        ({"SORA_REMIX_FAL_ADMIN_KEY": "an admin key"}, ["sora_remix.W013"]),
        ({"SORA_REMIX_FAL_ADMIN_KEY": "schlüssel"}, ["sora_remix.W013"]),
        (
            {"SORA_REMIX_FAL_KEY": "one", "SORA_REMIX_FAL_ADMIN_KEY": " one\n"},
            ["sora_remix.W014"],
        ),
        ({"SORA_REMIX_LOW_BALANCE": 20}, []),
        ({"SORA_REMIX_LOW_BALANCE": 0.5}, []),
        ({"SORA_REMIX_LOW_BALANCE": "20"}, ["sora_remix.E016"]),
        ({"SORA_REMIX_LOW_BALANCE": True}, ["sora_remix.E016"]),
        ({"SORA_REMIX_ENDPOINTS": {"living": {}}}, ["sora_remix.E001"]),
        ({"SORA_REMIX_ENDPOINT": "gone"}, ["sora_remix.E002"]),
        ({"SORA_REMIX_ENDPOINT": "sora-2"}, ["sora_remix.W003"]),
        ({"SORA_REMIX_STORAGE": "nowhere"}, ["sora_remix.E003"]),
        ({"Q_CLUSTER": _queue_without("timeout")}, ["sora_remix.W004"]),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "timeout": None}}, ["sora_remix.W004"]),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "timeout": 1200}}, ["sora_remix.W004"]),
        ({"Q_CLUSTER": _queue_without("retry")}, ["sora_remix.W004"]),
        (
            {"Q_CLUSTER": {**_queue_without("retry"), "timeout": 59}, **SMALL_RESULTS},
            ["sora_remix.W010"],
        ),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "timeout": 59}, **SMALL_RESULTS}, ["sora_remix.W010"]),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "timeout": 60}, **SMALL_RESULTS}, []),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "timeout": 256}}, []),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "timeout": 255}}, ["sora_remix.W009"]),
        ({"SORA_REMIX_MAX_RESULT_BYTES": 600 * 4 * 1024**2}, []),
        ({"SORA_REMIX_MAX_RESULT_BYTES": 600 * 4 * 1024**2 + 1}, ["sora_remix.W009"]),
        ({"Q_CLUSTER": _queue_without("max_attempts")}, ["sora_remix.W005"]),
        ({"Q_CLUSTER": _queue_without("ack_failures")}, ["sora_remix.W005"]),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "sync": True}}, ["sora_remix.W006"]),
        ({"Q_CLUSTER": {**SOUND_QUEUE, "sync": False}}, []),
        ({"Q_CLUSTER": _queue_without("orm")}, ["sora_remix.I001"]),
        ({"Q_CLUSTER": {**_queue_without("orm"), "redis": "redis://x"}}, ["sora_remix.I001"]),
        ({"Q_CLUSTER": {**_queue_without("orm"), "sqs": {}, "broker_class": "x.Y"}}, []),
        ({"SORA_REMIX_SOURCE_DELIVERY": "post"}, ["sora_remix.E007"]),
        ({"SORA_REMIX_SOURCE_DELIVERY": "url"}, ["sora_remix.E008"]),
        ({"SORA_REMIX_START_TIMEOUT": 1}, ["sora_remix.E014"]),
        ({"SORA_REMIX_START_TIMEOUT": "600"}, ["sora_remix.E014"]),
        ({"SORA_REMIX_START_TIMEOUT": True}, ["sora_remix.E014"]),
        ({"SORA_REMIX_START_TIMEOUT": float("inf")}, ["sora_remix.E014"]),
        ({"SORA_REMIX_START_TIMEOUT": 1.5}, []),
        ({"SORA_REMIX_FAL_RETRIES": "no"}, ["sora_remix.E015"]),
        ({"SORA_REMIX_FAL_RETRIES": False}, []),
        (
            {"SORA_REMIX_SOURCE_DELIVERY": "url", "MEDIA_URL": "http://cdn.example.com/"},
            ["sora_remix.E008"],
        ),
        ({"SORA_REMIX_SOURCE_DELIVERY": "url", "MEDIA_URL": "https://cdn.example.com/"}, []),
        ({"SORA_REMIX_FAL_API_URL": "http://api.fal.ai/v1"}, ["sora_remix.E009"]),
        ({"SORA_REMIX_FAL_REST_URL": "ftp://rest.fal.ai"}, ["sora_remix.E009"]),
        (
            {"SORA_REMIX_SOURCE_DELIVERY": "url", "SORA_REMIX_STORAGE": "gone"},
            ["sora_remix.E003"],
        ),
        ({"Q_CLUSTER": {}}, ["sora_remix.W004", "sora_remix.W005", "sora_remix.I001"]),
    ],
)
def test_only_the_wrong_setting_is_named(
    settings: Settings, wrong: dict[str, Any], expected: list[str]
) -> None:
    for name, value in wrong.items():
        setattr(settings, name, value)

    assert _ids() == expected


@pytest.mark.parametrize("unset", ["", None])
def test_endpoint_that_the_site_did_not_choose_has_no_warning(
    settings: Settings, unset: str | None
) -> None:
    settings.SORA_REMIX_ENDPOINT = unset
    settings.SORA_REMIX_ENDPOINTS = {}

    assert _ids() == []


@pytest.mark.parametrize(("days", "expected"), [(0, ["sora_remix.W003"]), (1, [])])
def test_endpoint_is_reported_as_retired_from_its_last_day(
    settings: Settings, days: int, expected: list[str]
) -> None:
    last_day = clock.today() + timedelta(days=days)
    settings.SORA_REMIX_ENDPOINTS = {"living": {**LIVING, "ends_on": last_day}}

    assert _ids() == expected


@pytest.mark.parametrize("name", ["FAL_KEY", "FAL_KEY_ID"])
def test_key_in_the_environment_is_sufficient(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    settings.SORA_REMIX_FAL_KEY = None
    monkeypatch.setenv(name, "a key")

    assert _ids() == []


def test_wrong_record_is_named_with_its_field(settings: Settings) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"living": {**LIVING, "lable": "Living"}}

    [message] = check_settings(None)

    assert "living" in message.msg
    assert "lable" in message.msg


def test_too_short_timeout_is_reported_with_a_sufficient_one(
    settings: Settings,
) -> None:
    settings.Q_CLUSTER = {**SOUND_QUEUE, "timeout": 100}

    [message] = check_settings(None)

    assert "timeout of 100 s" in message.msg
    assert "allows 1024 MiB" in str(message.hint)
    assert "takes 256 s" in str(message.hint)


def test_site_that_runs_tasks_in_the_request_gets_a_hint(settings: Settings) -> None:
    settings.Q_CLUSTER = {**SOUND_QUEUE, "sync": True}

    [message] = check_settings(None)

    assert "nothing is sent to fal" in message.msg
    assert "SILENCED_SYSTEM_CHECKS" in str(message.hint)


def test_checks_run_with_those_of_django(db: None, settings: Settings) -> None:
    settings.SORA_REMIX_ENDPONT = "living"
    output = io.StringIO()

    call_command("check", "sora_remix", stderr=output, fail_level="CRITICAL")

    assert "sora_remix.W001" in output.getvalue()


WEBHOOKS = {
    "SORA_REMIX_WEBHOOK_BASE_URL": "https://www.example.com",
    "SORA_REMIX_WEBHOOK_USER_ID": "account",
}
DUMMY_CACHE = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
SITE_WITHOUT_OURS = "django.contrib.auth.urls"


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({}, []),
        ({"SORA_REMIX_WEBHOOK_USER_ID": ""}, ["sora_remix.W007"]),
        ({"CACHES": DUMMY_CACHE}, ["sora_remix.W008"]),
        ({"ROOT_URLCONF": SITE_WITHOUT_OURS}, ["sora_remix.E005"]),
        ({"ROOT_URLCONF": "tests.urls.swallowed"}, ["sora_remix.E005", "sora_remix.W011"]),
        ({"ROOT_URLCONF": "tests.urls.prefixed"}, ["sora_remix.W012"]),
        ({"ROOT_URLCONF": "tests.urls.renamed"}, []),
        ({"SORA_REMIX_JWKS_URL": "http://rest.fal.ai/jwks.json"}, ["sora_remix.E006"]),
        ({"SORA_REMIX_JWKS_URL": "http://127.0.0.1:8000/jwks.json"}, []),
        ({"SORA_REMIX_JWKS_URL": ""}, ["sora_remix.E006"]),
    ],
)
def test_only_the_wrong_webhook_setting_is_named(
    settings: Settings, changed: dict[str, Any], expected: list[str]
) -> None:
    for name, value in {**WEBHOOKS, **changed}.items():
        setattr(settings, name, value)

    assert _ids() == expected


def test_url_pattern_that_hides_the_webhook_is_named(settings: Settings) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "https://www.example.com"
    settings.SORA_REMIX_WEBHOOK_USER_ID = "account"
    settings.ROOT_URLCONF = "tests.urls.swallowed"

    message, _warning = check_settings(None)

    assert "don't reach the app: that path leads to “page-of-the-cms”" in message.msg


def test_webhook_url_is_resolved_with_the_script_prefix(settings: Settings) -> None:
    settings.SORA_REMIX_WEBHOOK_BASE_URL = "https://www.example.com"
    settings.SORA_REMIX_WEBHOOK_USER_ID = "account"
    set_script_prefix("/below/")
    try:
        assert _ids() == []
    finally:
        clear_script_prefix()


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://www.example.com", []),
        ("https://www.example.com:8443/", []),
        ("http://127.0.0.1:8000", []),
        ("http://localhost:8000/", []),
        ("http://www.example.com", ["sora_remix.E004"]),
        ("www.example.com", ["sora_remix.E004"]),
        ("https://", ["sora_remix.E004"]),
        ("https://[", ["sora_remix.E004"]),
        ("https://www.example.com/site", ["sora_remix.E004"]),
        ("https://www.example.com?a=1", ["sora_remix.E004"]),
        ("https://www.example.com#a", ["sora_remix.E004"]),
        ("https://me@www.example.com", ["sora_remix.E004"]),
    ],
)
def test_webhook_base_url_must_be_the_base_of_an_https_site(
    settings: Settings, url: str, expected: list[str]
) -> None:
    settings.SORA_REMIX_WEBHOOK_USER_ID = "account"
    settings.SORA_REMIX_WEBHOOK_BASE_URL = url

    assert _ids() == expected


def test_players_need_their_urls_without_webhooks_too(settings: Settings) -> None:
    settings.ROOT_URLCONF = "tests.urls.swallowed"

    assert _ids() == ["sora_remix.W011"]


@pytest.mark.parametrize(
    ("queue", "package"),
    [
        (_queue_without("orm"), "redis"),
        ({**_queue_without("orm"), "sqs": {}}, "boto3"),
        ({**_queue_without("orm"), "mongo": {"host": "x"}}, "pymongo"),
        ({**_queue_without("orm"), "iron_mq": {"token": "x"}}, "iron_mq"),
    ],
)
def test_broker_with_a_missing_package_is_an_error(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, queue: dict[str, Any], package: str
) -> None:
    settings.Q_CLUSTER = queue
    monkeypatch.setattr(checks, "find_spec", lambda _name: None)

    [message] = [one for one in check_settings(None) if one.id == "sora_remix.E011"]

    assert f"the package “{package}”" in message.msg


WITHOUT_DJANGO_Q = """
from django.conf import settings
from django.core.management import call_command

settings.configure(
    SECRET_KEY="for this test only",
    INSTALLED_APPS=[
        "django.contrib.admin",
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.messages",
        "django.contrib.sessions",
        "sora_remix",
    ],
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
    ROOT_URLCONF="example_project.urls",
    STATIC_URL="static/",
    MEDIA_URL="media/",
    Q_CLUSTER={"orm": "default", "timeout": 60, "retry": 120},
)
import django

django.setup()
call_command("migrate", verbosity=0, skip_checks=True)
call_command("check", "sora_remix")
"""


def test_missing_django_q_is_an_error() -> None:
    without = {name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")}
    process = subprocess.run(
        [sys.executable, "-c", WITHOUT_DJANGO_Q], env=without, capture_output=True, text=True
    )

    assert "(sora_remix.E010) “django_q” is not in INSTALLED_APPS" in process.stderr
    assert "RuntimeError" not in process.stderr


def test_site_without_webhooks_needs_no_webhook_settings(settings: Settings) -> None:
    settings.ROOT_URLCONF = SITE_WITHOUT_OURS
    settings.CACHES = DUMMY_CACHE

    assert _ids() == []


class _Mysql:
    """A connection to MySQL, as far as the check asks it."""

    alias, vendor = "default", "mysql"

    def __init__(self, version: tuple[int, ...], *character_sets: str, is_mariadb: bool) -> None:
        self.mysql_version, self.mysql_is_mariadb = version, is_mariadb
        self._row = character_sets

    def cursor(self) -> Any:
        return nullcontext(SimpleNamespace(execute=lambda _sql: None, fetchone=lambda: self._row))


@pytest.mark.parametrize(
    ("version", "is_mariadb", "character_sets", "expected"),
    [
        ((8, 0, 17), False, ("utf8mb4", "utf8mb4"), []),
        ((8, 0, 16), False, ("utf8mb4", "utf8mb4"), ["sora_remix.E012"]),
        ((10, 6), True, ("utf8mb4", "utf8mb4"), []),
        ((10, 6), True, ("latin1", "utf8mb4"), ["sora_remix.E013"]),
        ((9, 0), False, ("utf8mb3", "utf8mb3"), ["sora_remix.E013"]),
        ((9, 0), False, ("utf8mb4", "utf8mb3"), ["sora_remix.E013"]),
    ],
)
def test_databases_that_can_not_store_or_compare_texts_are_named(
    monkeypatch: pytest.MonkeyPatch,
    version: tuple[int, ...],
    is_mariadb: bool,
    character_sets: tuple[str, str],
    expected: list[str],
) -> None:
    database = _Mysql(version, *character_sets, is_mariadb=is_mariadb)
    monkeypatch.setattr(checks, "connections", {"default": database})

    found = checks.check_databases(None, ["default"])

    assert [one.id for one in found] == expected
    assert checks.check_databases(None, None) == []


def test_test_database_stores_and_compares_texts(db: None) -> None:
    assert checks.check_databases(None, ["default", "elsewhere"]) == []
