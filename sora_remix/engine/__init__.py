"""Send what waits, ask what is due, collect what is done, sweep up.

Rows are claimed before the network is touched and committed as answers come. Everything here
may run twice, late, or be killed at any instant.
"""

from .checking import check_due
from .collecting import collect
from .sending import send_waiting
from .sweeping import sweep
from .turns import take_turn

__all__ = ["check_due", "collect", "send_waiting", "sweep", "take_turn"]
