"""The app's models; only this package changes a status."""

from . import reconciliation, refusals
from .approval import Approval
from .balance import AccountBalance
from .batch import RemixBatch
from .bill import BillFlag
from .budget import Budget, BudgetLeft, BudgetPeriod, BudgetRevision
from .chain import Chain, Hold, Pause
from .endpoint import EndpointFact
from .event import RemixEvent, gathered_events
from .files import (
    delete_after_commit,
    delete_files_after_commit,
    deleted_unless_saved,
    files_in_use,
    store_files,
)
from .fitted_clip import ClipKey, FittedClip
from .image import ReferenceImage
from .leased import Leased, renew_leases
from .pending import PendingFile
from .preference import GalleryLayout, Preference
from .preset import PromptPreset
from .remix import Remix
from .reservation import Reservation
from .source_copy import SourceCopy
from .video import Video, forget_object

__all__ = [
    "AccountBalance",
    "Approval",
    "BillFlag",
    "Budget",
    "BudgetLeft",
    "BudgetPeriod",
    "BudgetRevision",
    "Chain",
    "ClipKey",
    "EndpointFact",
    "FittedClip",
    "GalleryLayout",
    "Hold",
    "Leased",
    "Pause",
    "PendingFile",
    "Preference",
    "PromptPreset",
    "ReferenceImage",
    "Remix",
    "RemixBatch",
    "RemixEvent",
    "Reservation",
    "SourceCopy",
    "Video",
    "delete_after_commit",
    "delete_files_after_commit",
    "deleted_unless_saved",
    "files_in_use",
    "forget_object",
    "gathered_events",
    "reconciliation",
    "refusals",
    "renew_leases",
    "store_files",
]
