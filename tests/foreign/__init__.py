"""A site with its own ways: no time zones, users with UUIDs, its own admin, languages in URLs."""
