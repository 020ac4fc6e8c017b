"""What the site has in its settings beside those of the tests."""

FIRST_APPS = ["unfold"]
ROOT_URLCONF = "tests.sites.clips.urls"
