"""Clients of the sandbox."""

from __future__ import annotations

import ssl

import httpx

from example_project.fal_sandbox.process import SandboxProcess


def client_of(process: SandboxProcess, base_url: str = "") -> httpx.Client:
    """Return a client with a key that trusts this sandbox."""
    return httpx.Client(
        base_url=base_url or process.url,
        verify=ssl.create_default_context(cafile=process.certificate),
        headers={"Authorization": "Key anything"},
        timeout=5,
    )
