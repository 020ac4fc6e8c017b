"""Signed webhooks, as fal sends them."""

import asyncio
import base64
import hashlib
import json
import time
import uuid
from collections import Counter
from pathlib import Path
from typing import Any

import aiohttp
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from yarl import URL

from .authority import write_atomically
from .fal_queue import Request
from .loopback import is_loopback
from .outcomes import Outcome
from .rules import Rule, Rules

USER_ID = "sandbox-user"
PAUSES = (0.5, 1.0, 2.0, 4.0)
AT_ONCE = 50
TIMEOUT = aiohttp.ClientTimeout(total=15)


class Signer:
    """Holds the Ed25519 key, which is kept in a file."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            pem = Ed25519PrivateKey.generate().private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
            write_atomically(path, pem, mode=0o600)
        key = serialization.load_pem_private_key(path.read_bytes(), None)
        assert isinstance(key, Ed25519PrivateKey)
        self._key = key

    def key_set(self) -> dict[str, Any]:
        """Return the JWKS document, `x` without padding."""
        raw = self._key.public_key().public_bytes_raw()
        x = base64.urlsafe_b64encode(raw).decode().rstrip("=")
        return {"keys": [{"kty": "OKP", "crv": "Ed25519", "use": "sig", "kid": x[:8], "x": x}]}

    def headers(
        self, request_id: str, body: bytes, *, user_id: str = USER_ID, age: float = 0
    ) -> dict[str, str]:
        """Return the four signed headers for a raw body."""
        timestamp = str(int(time.time() - age))
        digest = hashlib.sha256(body).hexdigest()
        message = "\n".join((request_id, user_id, timestamp, digest)).encode()
        return {
            "Content-Type": "application/json",
            "X-Fal-Webhook-Request-Id": request_id,
            "X-Fal-Webhook-User-Id": user_id,
            "X-Fal-Webhook-Timestamp": timestamp,
            "X-Fal-Webhook-Signature": self._key.sign(message).hex(),
        }


class Postman:
    """Delivers webhooks in the background, with a few more tries after a failure."""

    def __init__(self, signer: Signer, rules: Rules, calls: Counter[str]) -> None:
        self._signer = signer
        self._rules = rules
        self._calls = calls
        self._places = asyncio.Semaphore(AT_ONCE)
        self._tasks: set[asyncio.Task[None]] = set()
        self._session = aiohttp.ClientSession(timeout=TIMEOUT)

    def post(self, request: Request, outcome: Outcome) -> None:
        """Call the request's webhook, if it has one."""
        if request.webhook:
            task = asyncio.create_task(self._deliver(request, request.webhook, outcome))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def forget(self) -> None:
        """Cancel all deliveries."""
        for task in self._tasks:
            task.cancel()

    async def close(self) -> None:
        """Cancel all deliveries and close the connections."""
        self.forget()
        await self._session.close()

    async def _deliver(self, request: Request, url: str, outcome: Outcome) -> None:
        rule = self._rules.take("webhook", f"{url} {request.id} {request.prompt}")
        rule = rule or Rule("webhook", "none")
        body = webhook_body(request, outcome)
        if rule.fault == "drop_before":
            return
        if rule.fault == "garbage":
            body = b"not JSON"
        if rule.fault == "delay":
            await asyncio.sleep(float(rule.parameters.get("seconds", 1)))
        for _ in range(int(rule.parameters.get("count", 2)) if rule.fault == "repeat" else 1):
            await self._insist(url, request.id, body, rule)

    async def _insist(self, url: str, request_id: str, body: bytes, rule: Rule) -> None:
        for pause in (*PAUSES, None):
            async with self._places:
                if await self._ring(url, self._headers(request_id, body, rule), body):
                    return
            if pause is None:
                return
            await asyncio.sleep(pause)

    async def _ring(self, url: str, headers: dict[str, str], body: bytes) -> bool:
        """Tell whether the delivery is finished. fal treats a redirect as a final failure."""
        self._calls["webhook"] += 1
        try:
            async with self._session.post(
                url,
                data=body,
                headers=headers,
                allow_redirects=False,
                ssl=not is_loopback(URL(url).host or ""),
            ) as answer:
                return answer.status < 400
        except (aiohttp.ClientError, TimeoutError, ValueError):
            return False

    def _headers(self, request_id: str, body: bytes, rule: Rule) -> dict[str, str]:
        user_id, age = USER_ID, 0.0
        if rule.fault == "wrong_user":
            user_id = str(rule.parameters.get("user_id", "somebody-else"))
        if rule.fault == "stale":
            age = float(rule.parameters.get("seconds", 600))
        if rule.fault == "bad_signature":
            return self._signer.headers(request_id, body + b" ", user_id=user_id, age=age)
        return self._signer.headers(request_id, body, user_id=user_id, age=age)


def webhook_body(request: Request, outcome: Outcome) -> bytes:
    """Return the raw body that is signed and sent."""
    body: dict[str, Any] = {
        "request_id": request.id,
        "gateway_request_id": str(uuid.uuid4()),
        "status": "ERROR" if outcome.error else "OK",
        "payload": outcome.body,
    }
    if outcome.error:
        body["error"] = outcome.error
    return json.dumps(body).encode()
