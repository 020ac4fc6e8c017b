"""A site whose admin has the theme that the environment names."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS, MIDDLEWARE

THEME = os.environ["SORA_REMIX_TESTS_THEME"]
INSTALLED_APPS = [THEME, *INSTALLED_APPS]
MIDDLEWARE = ["tests.browser.themes.serve.forget_content_types", *MIDDLEWARE]
ROOT_URLCONF = "tests.browser.themes.urls"
JAZZMIN_SETTINGS = {"use_google_fonts_cdn": False}  # no test needs the network
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": {"site.log": {"class": "logging.StreamHandler"}},
    "loggers": {"django.request": {"handlers": ["site.log"], "level": "ERROR"}},
}
SORA_REMIX_ENDPOINT = "flux-3"  # the usual one is over, of which the check warns
SORA_REMIX_MAX_RESULT_BYTES = 100 * 1024**2  # fits into the timeout of the tests
