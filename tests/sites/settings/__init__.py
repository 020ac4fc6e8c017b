"""Settings of the sites, each on top of those of the tests."""
