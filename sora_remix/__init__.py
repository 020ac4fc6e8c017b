"""Remix videos from the Django admin: charged at most once, never lost."""

__version__ = "0.1.0"
