"""Sites that are set up otherwise than the tests, each gone through with real processes."""
