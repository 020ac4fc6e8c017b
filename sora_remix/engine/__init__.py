"""Send what waits, ask what is due, collect what is done, sweep up.

Rows are claimed before the network is touched and committed as answers come. Everything here
may run twice, late, or be killed at any instant.
"""

from .check import check_due
from .collect import collect
from .send import send_waiting
from .sweep import sweep
from .turn import take_turn

__all__ = ["check_due", "collect", "send_waiting", "sweep", "take_turn"]
