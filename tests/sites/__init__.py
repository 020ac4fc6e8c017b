"""Sites with other set-ups than the tests, each run with real processes."""
