"""Tokens that authorise uploads. They survive a restart."""

import hashlib
import hmac
import secrets
import time
from pathlib import Path

from .authority import write_atomically


class Tokens:
    """Creates and verifies tokens, which are a signed expiry time."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            write_atomically(path, secrets.token_bytes(32), mode=0o600)
        self._key = path.read_bytes()

    def make(self, ends: float) -> str:
        """Return a token that is valid until then."""
        return f"{ends}.{self._sign(str(ends))}"

    def is_good(self, token: str) -> bool:
        """Tell whether the token is valid and has not expired."""
        ends, _, signature = token.rpartition(".")
        return hmac.compare_digest(self._sign(ends), signature) and time.time() < float(ends)

    def _sign(self, text: str) -> str:
        return hmac.new(self._key, text.encode(), hashlib.sha256).hexdigest()
