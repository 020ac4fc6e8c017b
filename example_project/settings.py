"""Settings of a small site to try sora_remix. It keeps all its data in one folder."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key

DEMO_FOLDER = Path(
    os.environ.get("SORA_REMIX_DEMO_FOLDER", Path(__file__).resolve().parents[1] / "demo_site")
).resolve()
DEMO_FOLDER.mkdir(parents=True, exist_ok=True)


def _secret_key() -> str:
    """Return the secret key, and create it at the first start."""
    path = DEMO_FOLDER / "secret_key"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(get_random_secret_key())
    return path.read_text()


SECRET_KEY = _secret_key()
DEBUG = True  # so that runserver serves files. The site listens only on loopback.
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]
ROOT_URLCONF = "example_project.urls"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

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

DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DEMO_FOLDER / "db.sqlite3",
        "OPTIONS": {
            "timeout": 20,
            "transaction_mode": "IMMEDIATE",
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
        },
        "CONN_MAX_AGE": 60,
    }
}

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
MEDIA_URL = "/media/"
MEDIA_ROOT = DEMO_FOLDER / "media"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}

Q_CLUSTER = {
    "name": "sora_remix_demo",
    "orm": "default",
    "workers": 2,
    "timeout": 600,
    "retry": 1200,
    "max_attempts": 1,
    "ack_failures": True,
    "catch_up": False,
    "save_limit": -1,
    "poll": 0.2,
}

SORA_REMIX_RESULT_HOSTS = ["fal.media", "*.fal.media"]
if _sandbox := os.environ.get("FAL_QUEUE_RUN_HOST"):
    SORA_REMIX_RESULT_HOSTS.append(_sandbox.partition(":")[0])
    SORA_REMIX_FAL_REST_URL = f"https://{_sandbox}"
    SORA_REMIX_FAL_API_URL = f"https://{_sandbox}/v1"
