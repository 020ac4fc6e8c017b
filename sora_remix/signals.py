"""Signals for the site, each sent once the row is committed; the argument is `remix`."""

from django.dispatch import Signal

remix_succeeded = Signal()
"""The result is in the site's storage."""

remix_failed = Signal()
"""The remix has finished without a result. Its `error_code` says why."""
