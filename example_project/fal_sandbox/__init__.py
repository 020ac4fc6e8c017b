"""A small server that speaks fal's queue protocol over https on loopback.

It remembers videos by id, fetches others by URL, takes uploads, makes playable results from the
sources' own frames, signs webhooks, lists requests and describes endpoints as the platform API
does, and misbehaves when a rule says so:
`SandboxProcess.misbehave("submit", "drop_after", times=1)`.
The endpoints are in `endpoints.py`, their inputs in `inputs.py`.
The faults are in `faults.py` (any call), `downloads.py` (media), `studio.py` (the run, `job`) and
`webhooks.py`, those of bills (`bill`) in `ledger.py`; the control API is in `control.py`.
"""

ADMIN_KEY = "sandbox-admin-key"
"""The key of admin scope, unless another one is given."""
