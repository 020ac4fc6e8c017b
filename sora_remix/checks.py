"""System checks: find mistakes in the settings without using the network."""

from __future__ import annotations

import math
import uuid
from collections.abc import Iterator, Sequence
from decimal import Decimal
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
from .fal import is_key_set
from .fal.credentials import is_admin_key_sendable, is_admin_key_set, is_admin_key_shared
from .fal.urls import is_safe_url

DELIVERIES = ("upload", "url")
BROKERS = {"iron_mq": "iron_mq", "sqs": "boto3", "orm": "", "mongo": "pymongo", "redis": "redis"}
"""Settings that choose django-q2's broker, in its own order, with the package each one needs."""
MEBIBYTE = 1024**2
MODEST_SPEED = 4 * MEBIBYTE
"""Bytes per second that a task can move from fal to a slow storage."""
OLDEST_MYSQL = (8, 0, 17)
"""The first version with the collation utf8mb4_0900_bin."""
SHORTEST_TIMEOUT = 60
"""Seconds that a turn or a collection may need when fal is slow."""


@register(Tags.compatibility)
def check_settings(app_configs: Sequence[AppConfig] | None, **_kwargs: Any) -> list[CheckMessage]:
    """Check the app's settings, and those of django-q2 that can cost money."""
    return [
        *_names(),
        *_key(),
        *_admin_key(),
        *_low_balance(),
        *_endpoints(),
        *_storage(),
        *_delivery(),
        *_running(),
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
    """Check the database itself. Django runs this during `migrate`."""
    mine = [connections[name] for name in databases or () if name == alias()]
    return [error for one in mine if one.vendor == "mysql" for error in _mysql(one)]


def _mysql(connection: Any) -> Iterator[CheckMessage]:
    if not connection.mysql_is_mariadb and connection.mysql_version < OLDEST_MYSQL:
        yield checks.Error(
            "This version of MySQL can't compare text exactly.",
            hint="Use MySQL 8.0.17 or later, or MariaDB 10.6 or later.",
            id="sora_remix.E012",
        )
    with connection.cursor() as cursor:
        cursor.execute("SELECT @@character_set_database, @@character_set_connection")
        used = set(cursor.fetchone()) - {"utf8mb4"}
    for character_set in sorted(used):
        yield checks.Error(
            f"The database “{connection.alias}” uses the character set {character_set}, which "
            "can't store emoji in titles and prompts.",
            hint="Convert the database and its tables to utf8mb4, and leave “charset” out of "
            "OPTIONS or set it to “utf8mb4”.",
            id="sora_remix.E013",
        )


def _names() -> Iterator[CheckMessage]:
    for name in unknown_settings():
        yield checks.Warning(
            f"There is no setting {name}. It has no effect.",
            hint="Check its spelling against the list of settings in the documentation.",
            id="sora_remix.W001",
        )


def _key() -> Iterator[CheckMessage]:
    if not is_key_set():
        yield checks.Warning(
            "There is no fal API key.",
            hint="Set SORA_REMIX_FAL_KEY in the settings, or FAL_KEY in the workers' environment.",
            id="sora_remix.W002",
        )


def _admin_key() -> Iterator[CheckMessage]:
    if not is_admin_key_set():
        return  # it is optional, and only the workers need it
    if not is_admin_key_sendable():
        yield checks.Warning(
            "The fal API key of admin scope is not a valid key, so no bills are read.",
            hint="Copy it again from https://fal.ai/dashboard/keys to SORA_REMIX_FAL_ADMIN_KEY, or "
            "to FAL_ADMIN_KEY in the workers' environment.",
            id="sora_remix.W013",
        )
    elif is_admin_key_shared():
        yield checks.Warning(
            "The fal API key and that of admin scope are the same.",
            hint="Create an ordinary key for SORA_REMIX_FAL_KEY or FAL_KEY. With a key of admin "
            "scope, anyone can read the account's billing and delete results at fal.",
            id="sora_remix.W014",
        )


def _low_balance() -> Iterator[CheckMessage]:
    least = conf.SORA_REMIX_LOW_BALANCE
    if least is not None and (
        isinstance(least, bool) or not isinstance(least, int | float | Decimal)
    ):
        yield checks.Error(
            "SORA_REMIX_LOW_BALANCE is not a number of dollars.",
            hint="Set it to a number such as 20, or remove it.",
            id="sora_remix.E016",
        )


def _endpoints() -> Iterator[CheckMessage]:
    try:
        endpoints = all_endpoints()
    except InvalidEndpoint as error:
        yield checks.Error(
            f"SORA_REMIX_ENDPOINTS has an invalid record: {error}",
            hint="A record must have the fields of sora_remix.endpoints.Endpoint.",
            id="sora_remix.E001",
        )
        return
    key = conf.SORA_REMIX_ENDPOINT
    if not key:
        return  # the app picks an endpoint that is available
    if key not in endpoints:
        yield checks.Error(
            f"SORA_REMIX_ENDPOINT names “{key}”, but there is no such endpoint.",
            hint=f"Choose one of these: {', '.join(endpoints)}.",
            id="sora_remix.E002",
        )
    elif endpoints[key].is_retired(today()):
        yield checks.Warning(
            f"The endpoint “{key}” was switched off on {endpoints[key].ends_on}.",
            hint="Set SORA_REMIX_ENDPOINT to an endpoint that is available.",
            id="sora_remix.W003",
        )


def _storage() -> Iterator[CheckMessage]:
    alias = conf.SORA_REMIX_STORAGE
    if alias not in conf.STORAGES:
        yield checks.Error(
            f"SORA_REMIX_STORAGE names “{alias}”, but STORAGES has no such alias.",
            hint=f"Choose one of these: {', '.join(conf.STORAGES)}.",
            id="sora_remix.E003",
        )


def _delivery() -> Iterator[CheckMessage]:
    delivery = conf.SORA_REMIX_SOURCE_DELIVERY
    if delivery not in DELIVERIES:
        yield checks.Error(
            f"SORA_REMIX_SOURCE_DELIVERY is “{delivery}”, which is not a valid value.",
            hint=f"Choose one of these: {', '.join(DELIVERIES)}.",
            id="sora_remix.E007",
        )
    elif delivery == "url" and (url := _local_url()):
        yield checks.Error(
            f"SORA_REMIX_SOURCE_DELIVERY is “url”, but fal can't load {url}….",
            hint="Use a storage with https URLs, or set SORA_REMIX_SOURCE_DELIVERY to “upload”.",
            id="sora_remix.E008",
        )


def _local_url() -> str:
    """Return the start of the storage's URLs if fal can't load them, else an empty string."""
    try:
        base_url = getattr(storages[conf.SORA_REMIX_STORAGE], "base_url", None)
    except InvalidStorageError:
        return ""
    # A storage that signs its URLs has no base URL, and asking it for one may use the network.
    return base_url if isinstance(base_url, str) and not is_safe_url(base_url) else ""


def _running() -> Iterator[CheckMessage]:
    seconds = conf.SORA_REMIX_START_TIMEOUT
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    if seconds is not None and not (is_number and 1 < seconds < math.inf):
        yield checks.Error(
            f"SORA_REMIX_START_TIMEOUT is {seconds!r}, which is not a number of seconds above 1.",
            hint="Set it to a number such as 600, or remove it so that remixes wait without limit.",
            id="sora_remix.E014",
        )
    if not isinstance(conf.SORA_REMIX_FAL_RETRIES, bool):
        yield checks.Error(
            f"SORA_REMIX_FAL_RETRIES is {conf.SORA_REMIX_FAL_RETRIES!r}, which is not a valid "
            "value.",
            hint="Set it to True or False.",
            id="sora_remix.E015",
        )


def _key_urls() -> Iterator[CheckMessage]:
    for name in ("SORA_REMIX_FAL_API_URL", "SORA_REMIX_FAL_REST_URL"):
        if not is_safe_url(getattr(conf, name)):
            yield checks.Error(
                f"{name} is not an https URL.",
                hint="The app sends your API key there. Remove the setting to use fal's own URL.",
                id="sora_remix.E009",
            )


def _queue_app() -> Iterator[CheckMessage]:
    if not apps.is_installed("django_q"):
        yield checks.Error(
            "“django_q” is not in INSTALLED_APPS, so nothing is sent to fal or collected.",
            hint="Add it to INSTALLED_APPS, then run “manage.py migrate”.",
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
            f"The broker in Q_CLUSTER needs the package “{package}”, which is not installed.",
            hint="Install it, or use the database as the broker: “orm”: “default”.",
            id="sora_remix.E011",
        )


def _queue() -> Iterator[CheckMessage]:
    queue = conf.Q_CLUSTER
    timeout, retry = queue.get("timeout"), queue.get("retry", 60)
    if not timeout or timeout >= retry:
        yield checks.Warning(
            "Q_CLUSTER needs a “timeout”, and a “retry” that is longer.",
            hint="Without them, tasks start again while they are still running. Set “timeout”: 600 "
            "and “retry”: 1200.",
            id="sora_remix.W004",
        )
    if not queue.get("max_attempts") or not queue.get("ack_failures"):
        yield checks.Warning(
            "Q_CLUSTER retries failing tasks forever.",
            hint="Set “max_attempts”: 1 and “ack_failures”: True.",
            id="sora_remix.W005",
        )
    if queue.get("sync"):
        yield checks.Warning(
            "Q_CLUSTER has “sync” set: tasks run inside the request, so nothing is sent to fal.",
            hint="Remixes wait and cost nothing. To send them, remove “sync” and start “manage.py "
            "qcluster”. Test settings may keep it: add this check to SILENCED_SYSTEM_CHECKS there.",
            id="sora_remix.W006",
        )
    if not any(queue.get(name) for name in ("orm", "sqs", "iron_mq", "mongo", "broker_class")):
        yield checks.Info(
            "django-q2's Redis broker loses the message of a worker that dies.",
            hint="No remix is lost: the sweep continues its work within a minute.",
            id="sora_remix.I001",
        )


def _queue_timeout() -> Iterator[CheckMessage]:
    """Compare the time a task may take with the work it may have to do."""
    timeout, largest = conf.Q_CLUSTER.get("timeout"), conf.SORA_REMIX_MAX_RESULT_BYTES
    if not timeout:
        return  # W004 reports this
    if largest > timeout * MODEST_SPEED:
        needed = math.ceil(largest / MODEST_SPEED)
        yield checks.Warning(
            f"Q_CLUSTER's timeout of {timeout} s may be too short to store the largest result.",
            hint=f"SORA_REMIX_MAX_RESULT_BYTES allows {math.ceil(largest / MEBIBYTE)} MiB. At "
            f"{MODEST_SPEED // MEBIBYTE} MiB a second, that takes {needed} s. Set “timeout” to "
            "at least that and “retry” to more, or lower SORA_REMIX_MAX_RESULT_BYTES.",
            id="sora_remix.W009",
        )
    if timeout < SHORTEST_TIMEOUT:
        yield checks.Warning(
            f"Q_CLUSTER's timeout of {timeout} s is too short when fal is slow.",
            hint="A worker that is stopped while it sends a remix leaves it unconfirmed, and one "
            "that is stopped while it collects has to start over. Set “timeout”: 600 and "
            "“retry”: 1200.",
            id="sora_remix.W010",
        )


def _webhook_keys() -> Iterator[CheckMessage]:
    if not is_safe_url(conf.SORA_REMIX_JWKS_URL):
        yield checks.Error(
            "SORA_REMIX_JWKS_URL is not an https URL.",
            hint="Anyone who can change its answer can forge webhooks. Remove the setting to use "
            "fal's own URL.",
            id="sora_remix.E006",
        )


def _webhook() -> Iterator[CheckMessage]:
    if not _is_base_url(conf.SORA_REMIX_WEBHOOK_BASE_URL):
        yield checks.Error(
            "SORA_REMIX_WEBHOOK_BASE_URL is not an https URL with only a scheme and a host.",
            hint="Set it to your site's address, such as “https://www.example.com”.",
            id="sora_remix.E004",
        )
    if not conf.SORA_REMIX_WEBHOOK_USER_ID:
        yield checks.Warning(
            "Webhooks from every fal account are accepted as yours.",
            hint="fal signs the webhooks of all its customers with the same keys. Set "
            "SORA_REMIX_WEBHOOK_USER_ID to your account's id.",
            id="sora_remix.W007",
        )
    if isinstance(caches[DEFAULT_CACHE_ALIAS], DummyCache):
        yield checks.Warning(
            "The default cache stores nothing, so fal's keys are downloaded for every webhook.",
            hint="Choose another backend in CACHES. Then they are downloaded about once a day.",
            id="sora_remix.W008",
        )


def _webhook_url() -> Iterator[CheckMessage]:
    arguments = [uuid.uuid4()]
    if not (path := _path_of("webhook", arguments)):
        yield checks.Error(
            "SORA_REMIX_WEBHOOK_BASE_URL is set, but the site has no URL that fal can call.",
            hint="Add path('sora_remix/', include('sora_remix.urls')) to your urlpatterns.",
            id="sora_remix.E005",
        )
        return
    if view := _other_view("webhook", path):
        yield checks.Error(
            f"fal's webhooks to {path} don't reach the app: that path leads to {view}.",
            hint="Put the app's URLs before patterns that match any path, such as those of a CMS.",
            id="sora_remix.E005",
        )
    if _has_language(path, "webhook", arguments):
        yield checks.Warning(
            f"The webhook URL {path} depends on the language.",
            hint="fal treats a redirect to another language as a final failure. Put the app's URLs "
            "outside i18n_patterns.",
            id="sora_remix.W012",
        )


def _video_url() -> Iterator[CheckMessage]:
    path = _path_of("video", ["token", "file"])
    if path and (view := _other_view("video", path)):
        yield checks.Warning(
            f"Players on the site can't renew file URLs or load captions: {path} leads to {view}.",
            hint="Put the app's URLs before patterns that match any path, such as those of a CMS.",
            id="sora_remix.W011",
        )


def _path_of(name: str, arguments: Sequence[object]) -> str:
    """Return the path of one of the app's views, or an empty string if it has no URL."""
    try:
        return reverse(f"sora_remix:{name}", args=arguments)
    except NoReverseMatch:
        return ""


def _other_view(name: str, path: str) -> str:
    """Return what a path leads to unless it is the app's view of this name."""
    try:
        # The server removes this prefix (FORCE_SCRIPT_NAME) before Django resolves a path.
        match = resolve("/" + path.removeprefix(get_script_prefix()))
    except Resolver404:
        return "nothing"
    is_ours = match.url_name == name and match.app_names[-1:] == ["sora_remix"]
    return "" if is_ours else f"“{match.view_name}”"


def _has_language(path: str, name: str, arguments: Sequence[object]) -> bool:
    """Tell whether the path differs in another of the site's languages."""
    others = [code for code, _language in conf.LANGUAGES if code != get_language()]
    with override(others[0] if others else None):
        return _path_of(name, arguments) != path


def _is_base_url(url: str) -> bool:
    if not is_safe_url(url):
        return False
    parts = urlsplit(url)
    return parts.path in ("", "/") and not (parts.query or parts.fragment or parts.username)
