"""Files that editors upload for a video that others may change at the same time."""

from __future__ import annotations

from ...models import Video


def lock_video(video: Video) -> Video:
    """Lock the row of a video that gets other files, and return its present state.

    Of two editors at once, the second replaces what the first uploaded.
    """
    before = Video.objects.select_for_update().get(pk=video.pk)
    video.stored_files = [file.name for file in before.owned_files()]
    return before
