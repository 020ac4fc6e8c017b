"""Deliver files, send what waits, ask what is due, collect what is done, sweep up.

Rows are claimed before the network is touched and committed as answers come. Everything here
may run twice, late, or be killed at any instant.
"""

from .checking import check_due
from .collecting import collect
from .delivering import deliver, prepare_waiting, uploads
from .pace import TimeLimit
from .sending import send_waiting
from .sweeping import sweep
from .turns import Errand, take_turn

__all__ = [
    "Errand",
    "TimeLimit",
    "check_due",
    "collect",
    "deliver",
    "prepare_waiting",
    "send_waiting",
    "sweep",
    "take_turn",
    "uploads",
]
