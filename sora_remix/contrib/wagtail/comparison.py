"""Videos in the comparison of two revisions of a page."""

from __future__ import annotations

from django.template.loader import render_to_string
from wagtail.admin.compare import BlockComparison, ForeignObjectComparison

from ...models import Video

TEMPLATE = "sora_remix_wagtail/comparison.html"


class VideoFieldComparison(ForeignObjectComparison):
    """Compare the videos of a foreign key."""

    def htmldiff(self) -> str:
        return _compare(*self.get_objects())


class VideoBlockComparison(BlockComparison):
    """Compare the videos of a block."""

    def htmlvalue(self, val: Video | None) -> str:
        return _compare(val, val)

    def htmldiff(self) -> str:
        return _compare(self.val_a, self.val_b)


def _compare(before: Video | None, after: Video | None) -> str:
    """Show what was removed and added, or the video that stayed."""
    changes = (("deletion", before), ("addition", after))
    shown = [("", after)] if before == after else changes
    return render_to_string(TEMPLATE, {"changes": [one for one in shown if one[1]]})
