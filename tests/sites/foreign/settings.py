"""What the site has in its settings beside those of the tests."""

USE_TZ = False
TIME_ZONE = "America/St_Johns"
APPS = ["tests.sites.foreign"]
AUTH_USER_MODEL = "foreign.User"
ROOT_URLCONF = "tests.sites.foreign.urls"
