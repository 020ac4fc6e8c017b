"""A site whose admin has the theme that the environment names."""

import os

from tests.settings import *  # noqa: F403
from tests.settings import INSTALLED_APPS

THEME = os.environ["SORA_REMIX_TESTS_THEME"]
INSTALLED_APPS = [THEME, *INSTALLED_APPS]
ROOT_URLCONF = "tests.browser.themes.urls"
JAZZMIN_SETTINGS = {"use_google_fonts_cdn": False}  # no test needs the network
SORA_REMIX_ENDPOINT = "flux-3"  # the usual one is over, of which the check warns
SORA_REMIX_MAX_RESULT_BYTES = 100 * 1024**2  # fits into the timeout of the tests
