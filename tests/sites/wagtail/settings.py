"""What a Wagtail site has in its settings beside those of the tests."""

from importlib.util import find_spec

APPS = [
    "tests.sites.wagtail",
    "sora_remix.contrib.wagtail",
    "wagtail.users",
    "wagtail.sites",
    "wagtail.snippets",
    "wagtail.documents",
    "wagtail.images",
    "wagtail.search",
    "wagtail.admin",
    "wagtail.api.v2",
    "wagtail",
    "modelcluster",
    "taggit",
    "rest_framework",
]
if find_spec("wagtailmedia"):
    APPS.append("wagtailmedia")
ROOT_URLCONF = "tests.sites.wagtail.urls"
WAGTAIL_SITE_NAME = "Harbour News"
WAGTAILADMIN_BASE_URL = "http://localhost"
WAGTAIL_ENABLE_UPDATE_CHECK = False
WAGTAIL_ENABLE_WHATS_NEW_BANNER = False
WAGTAILADMIN_GLOBAL_EDIT_LOCK = False
WAGTAIL_GRAVATAR_PROVIDER_URL = None
