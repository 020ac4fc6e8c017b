"""An unusual site: no time zones, users with UUIDs, its own admin, languages in URLs."""
