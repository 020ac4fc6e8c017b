"""A site made with Wagtail. `TEST_SITE=wagtail` runs the tests on it."""
