"""What the site has in its settings beside those of the tests."""

ROOT_URLCONF = "tests.sites.clips.urls"
