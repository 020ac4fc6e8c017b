"""The app of a site that has clips of its own, with keys that are UUIDs."""
