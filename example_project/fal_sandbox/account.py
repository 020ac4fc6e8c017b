"""The account at the provider: its key can be revoked, and it can be locked."""

from dataclasses import dataclass

from aiohttp import web


@dataclass
class Account:
    """What is refused to every key of the account, and after how many more requests."""

    lock: str = ""
    """Why the account is locked; empty if it isn't. Then it can neither submit nor upload."""
    is_key_revoked: bool = False
    """Whether no call gets through at all."""
    after: int = 0
    """How many requests are still accepted before that."""

    def refuse(self, *, spends: bool) -> web.Response | None:
        """Return fal's refusal of a call; `spends` tells whether a lock concerns it."""
        if self.after > 0:
            return None
        if self.is_key_revoked:
            return _answer(401, "No user found for this key: invalid key credentials")
        if self.lock and spends:
            return _answer(403, f"User is locked. Reason: {self.lock}.")
        return None

    def count(self) -> None:
        """Count an accepted request."""
        self.after = max(0, self.after - 1)

    def reset(self) -> None:
        """Let every call through again."""
        self.lock, self.is_key_revoked, self.after = "", False, 0


def _answer(status: int, detail: str) -> web.Response:
    return web.json_response({"detail": detail}, status=status)
