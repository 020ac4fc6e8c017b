"""The certificate authority of the sandbox, and the server's certificate."""

import os
import ssl
from pathlib import Path

import trustme


def load_authority(path: Path) -> trustme.CA:
    """Load the authority from the path, or create it there.

    It survives a restart, so clients that loaded its certificate still work.
    """
    if path.exists():
        kept = path.read_bytes()
        return trustme.CA.from_pem(kept, kept)
    authority = trustme.CA(organization_name="fal sandbox")
    pem = authority.cert_pem.bytes() + authority.private_key_pem.bytes()
    write_atomically(path, pem, mode=0o600)
    return authority


def server_context(authority: trustme.CA, host: str) -> ssl.SSLContext:
    """Return a TLS context with a fresh certificate for the host and for localhost."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    names = dict.fromkeys([host, "127.0.0.1", "localhost"])
    authority.issue_cert(*names).configure_cert(context)
    return context


def write_atomically(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.touch(mode=mode)
    draft.write_bytes(content)
    draft.replace(path)
