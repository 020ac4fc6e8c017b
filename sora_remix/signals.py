"""Signals for your site, sent after the row is committed."""

from django.dispatch import Signal

remix_succeeded = Signal()
"""Sent when the result is in your site's storage. The argument is `remix`.

Its `source_object` is the object of your site whose video was remixed, if there is one.
"""

remix_failed = Signal()
"""Sent when the remix has failed. Its `error_code` says why. The argument is `remix`."""

video_approved = Signal()
"""Sent when a person has approved a video. The argument is `video`, and the sender is `Video`.

A video that is approved as it is added sends none.
"""

budget_reached = Signal()
"""Sent when 80 or 100 percent of a budget are used, once for each in every period.

The arguments are `budget` and `percent`, and the sender is `Budget`.
"""
