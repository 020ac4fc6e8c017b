"""Upload source copies, send remixes, check their status, collect results, clean up.

Rows are claimed before the network is touched and committed as answers come. Everything here
may run twice, late, or be killed at any instant.
"""

from .checking import check_due
from .collecting import collect
from .fitting import fit_clips
from .pace import TimeLimit
from .preparing import prepare_waiting
from .sending import send_waiting
from .source_copies import files_of, files_to_copy, upload_copies
from .sweeping import sweep
from .turns import Errand, take_turn
from .unread import has_unread, read_unread, read_videos
from .untaken import UntakenWork

__all__ = [
    "Errand",
    "TimeLimit",
    "UntakenWork",
    "check_due",
    "collect",
    "files_of",
    "files_to_copy",
    "fit_clips",
    "has_unread",
    "prepare_waiting",
    "read_unread",
    "read_videos",
    "send_waiting",
    "sweep",
    "take_turn",
    "upload_copies",
]
