"""A site made with django CMS. `TEST_SITE=cms` runs the tests on it."""
