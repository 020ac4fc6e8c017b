"""Confirm the remix of the only video, then wait to be killed: `python -m tests.sites.confirm`."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import django

django.setup()

from .editor import Editor  # noqa: E402

Editor().remix()
Path(sys.argv[1]).touch()
time.sleep(600)
