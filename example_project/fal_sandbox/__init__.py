"""A small server that speaks fal's queue protocol over https on loopback.

It remembers videos by id, makes playable results from their own frames, signs webhooks, lists
requests as the platform API does, and misbehaves when a rule says so:
`SandboxProcess.misbehave("submit", "drop_after", times=1)`.
The faults are in `faults.py` (any call), `downloads.py` (media), `studio.py` (the run, `job`) and
`webhooks.py`; the control API is in `control.py`.
"""
