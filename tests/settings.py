"""Settings of the tests: the sandbox stands in for fal."""

import atexit
import json
import os
import shutil
import socket
import tempfile
from importlib import import_module
from pathlib import Path


def _reserve_port() -> int:
    """Return a port that nobody else is given: a bound socket without a listener keeps it free."""
    one = socket.socket()
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # the sandbox shares it
    one.bind(("127.0.0.1", 0))
    port: int = one.getsockname()[1]
    one.detach()  # it stays open as long as this process
    return port


def _make_folder() -> str:
    folder = tempfile.mkdtemp(prefix="sora_remix_", dir=os.environ.get("SORA_REMIX_TESTS_FOLDER"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


_runner = os.environ.get("PYTEST_XDIST_WORKER", "")
# Worker processes inherit all of this; test runners side by side must not.
if os.environ.get("SORA_REMIX_TESTS_RUNNER", "") != _runner or (
    "SORA_REMIX_TESTS_FOLDER" not in os.environ
):
    _made = _make_folder()
    # fal-client reads its hosts when it is imported: the sandbox starts later, on that very port.
    os.environ |= {
        "SORA_REMIX_TESTS_FOLDER": _made,
        "SORA_REMIX_TESTS_QUEUE": f"sora_remix_tests_{os.getpid()}",
        "SORA_REMIX_TESTS_RUNNER": _runner,
        "SSL_CERT_FILE": f"{_made}/sandbox.pem",
        "FAL_QUEUE_RUN_HOST": f"127.0.0.1:{_reserve_port()}",
        "FAL_KEY": "sandbox-key",
        "FAL_ADMIN_KEY": "",
    }
_folder = Path(os.environ["SORA_REMIX_TESTS_FOLDER"])

SECRET_KEY = "for tests only"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
DEBUG = False
ALLOWED_HOSTS = ["*"]
USE_TZ = True
TIME_ZONE = "UTC"
ROOT_URLCONF = "example_project.urls"
STATIC_URL = "/static/"
MEDIA_URL = os.environ.get("SORA_REMIX_TESTS_MEDIA_URL", "/media/")
MEDIA_ROOT = os.environ.get("SORA_REMIX_TESTS_MEDIA", str(_folder / "media"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django_q",
    "sora_remix",
    "example_project",
    "tests.sites.clips",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

if os.environ.get("TEST_DATABASE") == "postgresql":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": os.environ.get("SORA_REMIX_TESTS_DATABASE", "test"),
            "USER": os.environ.get("PGUSER", "postgres"),
            "PASSWORD": os.environ.get("PGPASSWORD", ""),
            "HOST": os.environ.get("PGHOST", "127.0.0.1"),
            "PORT": os.environ.get("PGPORT", "5432"),
            "CONN_MAX_AGE": 60,
        }
    }
elif os.environ.get("TEST_DATABASE") == "mysql":
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "NAME": os.environ.get("SORA_REMIX_TESTS_DATABASE", "sora_remix"),
            "USER": os.environ.get("MYSQL_USER", "root"),
            "PASSWORD": os.environ.get("MYSQL_PWD", ""),
            "HOST": os.environ.get("MYSQL_HOST", "127.0.0.1"),
            "PORT": os.environ.get("MYSQL_TCP_PORT", "3306"),
            "OPTIONS": {"sql_mode": "TRADITIONAL,ONLY_FULL_GROUP_BY"},
            "CONN_MAX_AGE": 60,
            # By default, columns take one emoji for another.
            "TEST": {"CHARSET": "utf8mb4", "COLLATION": "utf8mb4_general_ci"},
        }
    }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": os.environ.get("SORA_REMIX_TESTS_DATABASE", str(_folder / "db.sqlite3")),
            "OPTIONS": {
                "timeout": 20,
                "transaction_mode": "IMMEDIATE",
                "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
            },
            "CONN_MAX_AGE": 60,
            "TEST": {"NAME": str(_folder / "test.sqlite3")},
        }
    }

Q_CLUSTER = {
    "name": os.environ.setdefault("SORA_REMIX_TESTS_QUEUE", f"sora_remix_tests_{os.getpid()}"),
    "workers": int(os.environ.get("SORA_REMIX_TESTS_WORKERS", "1")),
    "timeout": 600,
    "retry": 1200,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "poll": 0.1,
}
if os.environ.get("TEST_BROKER") == "redis":
    Q_CLUSTER["redis"] = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
else:
    Q_CLUSTER["orm"] = "default"

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
if "SORA_REMIX_TESTS_STORAGE" in os.environ:
    STORAGES["default"] = json.loads(os.environ["SORA_REMIX_TESTS_STORAGE"])
SORA_REMIX_RESULT_HOSTS = ["127.0.0.1"]
SORA_REMIX_FAL_REST_URL = f"https://{os.environ['FAL_QUEUE_RUN_HOST']}"
SORA_REMIX_FAL_API_URL = os.environ.get("SORA_REMIX_TESTS_API_URL", "https://api.fal.ai/v1")
SORA_REMIX_WEBHOOK_BASE_URL = os.environ.get("SORA_REMIX_TESTS_WEBHOOKS", "")
if SORA_REMIX_WEBHOOK_BASE_URL:
    SORA_REMIX_JWKS_URL = f"https://{os.environ['FAL_QUEUE_RUN_HOST']}/.well-known/jwks.json"
SORA_REMIX_SOURCE_DELIVERY = os.environ.get("SORA_REMIX_TESTS_DELIVERY", "upload")
SORA_REMIX_ENDPOINTS = json.loads(os.environ.get("SORA_REMIX_TESTS_ENDPOINTS", "{}"))
SORA_REMIX_MAX_IN_FLIGHT = int(os.environ.get("SORA_REMIX_TESTS_MAX_IN_FLIGHT", "1000"))

if _site := os.environ.get("TEST_SITE"):
    _own = vars(import_module(f"tests.sites.{_site}.settings"))
    INSTALLED_APPS = [*_own.get("FIRST_APPS", []), *INSTALLED_APPS, *_own.get("APPS", [])]
    globals().update({name: value for name, value in _own.items() if name.isupper()})
