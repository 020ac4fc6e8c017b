"""System checks: what is wrong with the settings, found without the network."""

from __future__ import annotations

import math
import os
import uuid
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any
from urllib.parse import urlsplit

from django.apps import apps
from django.apps.config import AppConfig
from django.core import checks
from django.core.cache import DEFAULT_CACHE_ALIAS, caches
from django.core.cache.backends.dummy import DummyCache
from django.core.checks import CheckMessage, Tags, register
from django.core.files.storage import InvalidStorageError, storages
from django.db import connections
from django.urls import NoReverseMatch, Resolver404, get_script_prefix, resolve, reverse
from django.utils.translation import get_language, override

from .clock import today
from .conf import conf, unknown_settings
from .database import alias
from .endpoints import all_endpoints
from .exceptions import InvalidEndpoint
from .fal.keys import is_safe_url

DELIVERIES = ("upload", "url")
BROKERS = {"iron_mq": "iron_mq", "sqs": "boto3", "orm": "", "mongo": "pymongo", "redis": "redis"}
"""The setting that chooses a broker of django-q2, in its order, and the package that it needs."""
KEY_VARIABLES = ("FAL_KEY", "FAL_KEY_ID")
MEBIBYTE = 1024**2
MODEST_SPEED = 4 * MEBIBYTE
"""Bytes a second that a task downloads from fal and writes to a modest storage."""
OLDEST_MYSQL = (8, 0, 17)
"""It has the collation utf8mb4_0900_bin."""
SHORTEST_TIMEOUT = 60
"""Seconds that a turn or a collection needs when fal answers slowly."""


@register(Tags.compatibility)
def check_settings(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Check all settings of the app, and those of django-q2 that cost money when wrong."""
    return [
        *_names(),
        *_key(),
        *_endpoints(),
        *_storage(),
        *_delivery(),
        *_key_urls(),
        *_queue_app(),
        *_broker(),
        *_queue(),
        *_queue_timeout(),
        *_webhook_keys(),
        *(_webhook() if conf.SORA_REMIX_WEBHOOK_BASE_URL else ()),
        *(_webhook_url() if conf.SORA_REMIX_WEBHOOK_BASE_URL else ()),
        *_video_url(),
    ]


@register(Tags.database)
def check_databases(
    app_configs: Sequence[AppConfig] | None, databases: Sequence[str] | None, **_kwargs: Any
) -> list[CheckMessage]:
    """Check what only databases tell; Django does so when it migrates."""
    mine = [connections[name] for name in databases or () if name == alias()]
    return [error for one in mine if one.vendor == "mysql" for error in _mysql(one)]


def _mysql(connection: Any) -> Iterator[CheckMessage]:
    if not connection.mysql_is_mariadb and connection.mysql_version < OLDEST_MYSQL:
        yield checks.Error(
            "This version of MySQL can't compare texts exactly.",
            hint="Use MySQL 8.0.17 or later, or MariaDB 10.6 or later.",
            id="sora_remix.E012",
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database, @@character_set_connection")
        used = set(cursor.fetchone()) - {"utf8mb4"}
    for character_set in sorted(used):
        yield checks.Error(
            f"The database “{connection.alias}” uses the character set {character_set}: titles and "
            "prompts with emoji can't be stored.",
            hint="Convert the database and its tables to utf8mb4, and leave “charset” out of "
            "OPTIONS or set it to “utf8mb4”.",
            id="sora_remix.E013",
        )


def _names() -> Iterator[CheckMessage]:
    for name in unknown_settings():
        yield checks.Warning(
            f"There is no setting {name}.",
            hint="Compare it with the settings in the documentation. It has no effect.",
            id="sora_remix.W001",
        )


def _key() -> Iterator[CheckMessage]:
    if not conf.SORA_REMIX_FAL_KEY and not any(os.environ.get(name) for name in KEY_VARIABLES):
        yield checks.Warning(
            "There is no fal API key.",
            hint="Set SORA_REMIX_FAL_KEY, or FAL_KEY in the environment of the workers.",
            id="sora_remix.W002",
        )


def _endpoints() -> Iterator[CheckMessage]:
    try:
        endpoints = all_endpoints()
    except InvalidEndpoint as error:
        yield checks.Error(
            f"SORA_REMIX_ENDPOINTS: {error}",
            hint="Its records have the fields of sora_remix.endpoints.Endpoint.",
            id="sora_remix.E001",
        )
        return
    key = conf.SORA_REMIX_ENDPOINT
    if not key:
        return  # then a living one is used
    if key not in endpoints:
        yield checks.Error(
            f"SORA_REMIX_ENDPOINT names “{key}”, and there is no such endpoint.",
            hint=f"There are: {', '.join(endpoints)}.",
            id="sora_remix.E002",
        )
    elif endpoints[key].is_retired(today()):
        yield checks.Warning(
            f"The endpoint “{key}” was switched off on {endpoints[key].ends_on}.",
            hint="Name a living endpoint in SORA_REMIX_ENDPOINT.",
            id="sora_remix.W003",
        )


def _storage() -> Iterator[CheckMessage]:
    alias = conf.SORA_REMIX_STORAGE
    if alias not in conf.STORAGES:
        yield checks.Error(
            f"SORA_REMIX_STORAGE names “{alias}”, which is not in STORAGES.",
            hint=f"There are: {', '.join(conf.STORAGES)}.",
            id="sora_remix.E003",
        )


def _delivery() -> Iterator[CheckMessage]:
    delivery = conf.SORA_REMIX_SOURCE_DELIVERY
    if delivery not in DELIVERIES:
        yield checks.Error(
            f"SORA_REMIX_SOURCE_DELIVERY is “{delivery}”.",
            hint=f"It is one of: {', '.join(DELIVERIES)}.",
            id="sora_remix.E007",
        )
    elif delivery == "url" and (url := _local_url()):
        yield checks.Error(
            f"SORA_REMIX_SOURCE_DELIVERY is “url”, and fal can't load {url}….",
            hint="The storage must give https URLs; or set SORA_REMIX_SOURCE_DELIVERY to “upload”.",
            id="sora_remix.E008",
        )


def _local_url() -> str:
    """Return what the storage's URLs begin with, if it is nothing that fal can load."""
    try:
        base_url = getattr(storages[conf.SORA_REMIX_STORAGE], "base_url", None)
    except InvalidStorageError:
        return ""
    # A storage that signs its URLs has no base of its own, and asking it may use the network.
    return base_url if isinstance(base_url, str) and not is_safe_url(base_url) else ""


def _key_urls() -> Iterator[CheckMessage]:
    for name in ("SORA_REMIX_FAL_API_URL", "SORA_REMIX_FAL_REST_URL"):
        if not is_safe_url(getattr(conf, name)):
            yield checks.Error(
                f"{name} is not an https URL.",
                hint="The key is sent there. Remove it: fal's own URL is the default.",
                id="sora_remix.E009",
            )


def _queue_app() -> Iterator[CheckMessage]:
    if not apps.is_installed("django_q"):
        yield checks.Error(
            "“django_q” is not in INSTALLED_APPS: nothing is sent to fal or collected.",
            hint="Add it there, then run “manage.py migrate”.",
            id="sora_remix.E010",
        )


def _broker() -> Iterator[CheckMessage]:
    queue = conf.Q_CLUSTER
    if queue.get("broker_class"):
        return
    name = next((name for name in BROKERS if queue.get(name) is not None), "redis")
    package = BROKERS[name]
    if package and find_spec(package) is None:
        yield checks.Error(
            f"Q_CLUSTER's broker needs the package “{package}”, which is not installed.",
            hint="Install it, or use a database as the broker: “orm”: “default”.",
            id="sora_remix.E011",
        )


def _queue() -> Iterator[CheckMessage]:
    queue = conf.Q_CLUSTER
    timeout, retry = queue.get("timeout"), queue.get("retry", 60)
    if not timeout or timeout >= retry:
        yield checks.Warning(
            "Q_CLUSTER needs a timeout, and a retry that is longer.",
            hint="Otherwise tasks are started again while they run: “timeout”: 600, “retry”: 1200.",
            id="sora_remix.W004",
        )
    if not queue.get("max_attempts") or not queue.get("ack_failures"):
        yield checks.Warning(
            "Q_CLUSTER delivers failing tasks again without end.",
            hint="Set “max_attempts”: 1 and “ack_failures”: True.",
            id="sora_remix.W005",
        )
    if queue.get("sync"):
        yield checks.Warning(
            "Q_CLUSTER has “sync”: tasks run inside the request, so nothing is sent to fal.",
            hint="Remixes are kept and cost nothing. To have them sent, remove “sync” and start "
            "“manage.py qcluster”. The settings of tests may keep it: name this check in "
            "SILENCED_SYSTEM_CHECKS there.",
            id="sora_remix.W006",
        )
    if not any(queue.get(name) for name in ("orm", "sqs", "iron_mq", "mongo", "broker_class")):
        yield checks.Info(
            "django-q2's Redis broker loses the message of a worker that dies.",
            hint="Nothing is lost with it: the sweep, each minute, goes on where it stopped.",
            id="sora_remix.I001",
        )


def _queue_timeout() -> Iterator[CheckMessage]:
    """Compare the time that a task may take with what it may have to do."""
    timeout, largest = conf.Q_CLUSTER.get("timeout"), conf.SORA_REMIX_MAX_RESULT_BYTES
    if not timeout:
        return  # that is a warning of its own
    if largest > timeout * MODEST_SPEED:
        needed = math.ceil(largest / MODEST_SPEED)
        yield checks.Warning(
            f"Q_CLUSTER's timeout of {timeout} s may be too short to store the largest result.",
            hint=f"SORA_REMIX_MAX_RESULT_BYTES allows {math.ceil(largest / MEBIBYTE)} MiB. At "
            f"{MODEST_SPEED // MEBIBYTE} MiB a second that takes {needed} s: set a “timeout” of "
            "at least that, and a longer “retry”; or lower SORA_REMIX_MAX_RESULT_BYTES.",
            id="sora_remix.W009",
        )
    if timeout < SHORTEST_TIMEOUT:
        yield checks.Warning(
            f"Q_CLUSTER's timeout of {timeout} s is too short for slow answers of fal.",
            hint="A worker that is stopped while it sends a remix leaves it unconfirmed, and one "
            "that is stopped while it collects has to start again: “timeout”: 600, “retry”: 1200.",
            id="sora_remix.W010",
        )


def _webhook_keys() -> Iterator[CheckMessage]:
    if not is_safe_url(conf.SORA_REMIX_JWKS_URL):
        yield checks.Error(
            "SORA_REMIX_JWKS_URL is not an https URL.",
            hint="Whoever can change what it serves can sign in fal's name. Remove it: fal's own "
            "URL is the default.",
            id="sora_remix.E006",
        )


def _webhook() -> Iterator[CheckMessage]:
    if not _is_base_url(conf.SORA_REMIX_WEBHOOK_BASE_URL):
        yield checks.Error(
            "SORA_REMIX_WEBHOOK_BASE_URL is not the https base of a site.",
            hint="It has a scheme and a host only, like “https://www.example.com”.",
            id="sora_remix.E004",
        )
    if not conf.SORA_REMIX_WEBHOOK_USER_ID:
        yield checks.Warning(
            "Webhooks of every fal account are taken for yours.",
            hint="fal signs for all its customers: set SORA_REMIX_WEBHOOK_USER_ID to your account.",
            id="sora_remix.W007",
        )
    if isinstance(caches[DEFAULT_CACHE_ALIAS], DummyCache):
        yield checks.Warning(
            "The default cache keeps nothing: fal's keys are read for each webhook.",
            hint="Name another one in CACHES: then they are read about once a day.",
            id="sora_remix.W008",
        )


def _webhook_url() -> Iterator[CheckMessage]:
    arguments = [uuid.uuid4()]
    if not (path := _path_of("webhook", arguments)):
        yield checks.Error(
            "SORA_REMIX_WEBHOOK_BASE_URL is set, and there is no URL for fal to call.",
            hint="Add path('sora_remix/', include('sora_remix.urls')) to your urlpatterns.",
            id="sora_remix.E005",
        )
        return
    if view := _other_view("webhook", path):
        yield checks.Error(
            f"fal's calls of {path} don't reach the app: {view} takes them.",
            hint="Put the app's URLs before those that take any path, as a CMS's do.",
            id="sora_remix.E005",
        )
    if _has_language(path, "webhook", arguments):
        yield checks.Warning(
            f"The URL for fal to call, {path}, has a language in it.",
            hint="fal takes a redirect for a final failure, and a URL may change with the "
            "language: put the app's URLs outside of i18n_patterns.",
            id="sora_remix.W012",
        )


def _video_url() -> Iterator[CheckMessage]:
    path = _path_of("video", ["token", "file"])
    if path and (view := _other_view("video", path)):
        yield checks.Warning(
            f"Players on the site can't renew addresses or load captions at {path}: {view} "
            "takes it.",
            hint="Put the app's URLs before those that take any path, as a CMS's do.",
            id="sora_remix.W011",
        )


def _path_of(name: str, arguments: Sequence[object]) -> str:
    """Return the path of a view of ours, empty when the site has none for it."""
    try:
        return reverse(f"sora_remix:{name}", args=arguments)
    except NoReverseMatch:
        return ""


def _other_view(name: str, path: str) -> str:
    """Return what a path leads to, if that is not our view of this name."""
    try:
        # Resolving starts after the prefix that the server takes off (FORCE_SCRIPT_NAME).
        match = resolve("/" + path.removeprefix(get_script_prefix()))
    except Resolver404:
        return "nothing"
    is_ours = match.url_name == name and match.app_names[-1:] == ["sora_remix"]
    return "" if is_ours else f"“{match.view_name}”"


def _has_language(path: str, name: str, arguments: Sequence[object]) -> bool:
    """Tell whether a path differs in another language of the site."""
    others = [code for code, _language in conf.LANGUAGES if code != get_language()]
    with override(others[0] if others else None):
        return _path_of(name, arguments) != path


def _is_base_url(url: str) -> bool:
    if not is_safe_url(url):
        return False
    parts = urlsplit(url)
    return parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
