"""Signals for your site, sent after the row is committed. The argument is `remix`."""

from django.dispatch import Signal

remix_succeeded = Signal()
"""Sent when the result is in your site's storage."""

remix_failed = Signal()
"""Sent when the remix has failed. Its `error_code` says why."""
