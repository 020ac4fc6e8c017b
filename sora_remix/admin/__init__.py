"""The admin: where editors choose videos, order remixes and see what came of them."""

from .batches import RemixBatchAdmin
from .budgets import BudgetAdmin
from .chooser import VideoChoiceField, VideoChooser, VideoChooserMixin
from .presets import PromptPresetAdmin
from .remixable import RemixActionMixin
from .remixes import RemixAdmin
from .videos import VideoAdmin

__all__ = [
    "BudgetAdmin",
    "PromptPresetAdmin",
    "RemixActionMixin",
    "RemixAdmin",
    "RemixBatchAdmin",
    "VideoAdmin",
    "VideoChoiceField",
    "VideoChooser",
    "VideoChooserMixin",
]
