"""The sandbox as a child process, for tests, benchmarks and the demo."""

import json
import ssl
import subprocess
import sys
import threading
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx

ROOT = Path(__file__).resolve().parents[2]
READY = "fal sandbox ready on "
CONTROL_SECONDS = 60
"""Within which the sandbox answers its owner, however busy the machine is."""


class SandboxError(Exception):
    """The sandbox did not start."""


class SandboxProcess:
    """Starts the sandbox on entering and stops it on leaving.

    The state folder holds the library and all results. A second process with the same folder
    continues from there with the same certificate.
    """

    def __init__(
        self,
        state: Path,
        *,
        port: int = 0,
        queue_seconds: float = 0.1,
        run_seconds: float = 0.2,
        key: str | None = None,
        list_running: bool = False,
        start_timeout: float = 120.0,
    ) -> None:
        self.state = state.resolve()
        self.certificate = self.state / "certificate.pem"
        self.host = ""
        self._port = port
        self._timing = {"queue_seconds": queue_seconds, "run_seconds": run_seconds}
        self._key = key
        self._list_running = list_running
        self._start_timeout = start_timeout
        self._process: subprocess.Popen[str] | None = None
        self._client: httpx.Client | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """The server's base URL."""
        return f"https://{self.host}"

    @property
    def api_url(self) -> str:
        """The base URL of the platform API."""
        return f"{self.url}/v1"

    @property
    def pid(self) -> int | None:
        """The server's process id, or None before the start."""
        return self._process.pid if self._process else None

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make fal-client use the sandbox."""
        return {
            "FAL_QUEUE_RUN_HOST": self.host,
            "FAL_RUN_HOST": self.host,
            "SSL_CERT_FILE": str(self.certificate),
            "FAL_KEY": self._key or "sandbox-key",
            "FAL_ADMIN_KEY": "",  # a real one must not reach the sandbox
        }

    def start(self) -> None:
        """Start the server and wait until it listens. Raise SandboxError if it doesn't.

        A later start uses the same port again.
        """
        self.state.mkdir(parents=True, exist_ok=True)
        with (self.state / "sandbox.log").open("w") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                # A terminal's Ctrl-C would reach it before those who still talk to it.
                start_new_session=True,
            )
        line = self._first_line(self._process)
        if not line.startswith(READY):
            self.stop()
            said = (self.state / "sandbox.log").read_text().strip()
            raise SandboxError(f"The fal sandbox did not start. {said}".strip())
        self.host = line.removeprefix(f"{READY}https://").strip()
        self._port = int(self.host.rpartition(":")[2])

    def stop(self) -> None:
        """Stop the server, if it is running."""
        if self._client:
            self._client.close()
            self._client = None
        if self._process:
            self._process.terminate()
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
            if self._process.stdout:
                self._process.stdout.close()
            self._process = None

    def accepted(self) -> list[dict[str, Any]]:
        """Return the accepted requests, oldest first."""
        entries: list[dict[str, Any]] = self._control("GET", "accepted").json()
        return entries

    def calls(self) -> dict[str, int]:
        """Return the number of calls, by kind."""
        counts: dict[str, int] = self._control("GET", "calls").json()
        return counts

    def admin_calls(self) -> dict[str, int]:
        """Return the number of calls with the key of admin scope, by kind."""
        counts: dict[str, int] = self._control("GET", "admin_calls").json()
        return counts

    def ledger(self) -> dict[str, Any]:
        """Return dollars as texts: `total`, `listed` by now, and `charges` of each request id."""
        found: dict[str, Any] = self._control("GET", "ledger").json()
        return found

    def charge(self, charges: Sequence[dict[str, Any]]) -> None:
        """Add charges to the ledger: the fields of `Charge`, times as texts with an offset."""
        self._control("POST", "ledger", json=charges)

    def set_clock(self, now: datetime) -> None:
        """Let it be this time for the ledger until the next reset."""
        self._control("PUT", "ledger/clock", json={"now": now.isoformat()})

    def set_funds(self, amount: str, currency: str = "USD") -> None:
        """Set the money that the account had before all charges."""
        self._control("PUT", "ledger/funds", json={"amount": amount, "currency": currency})

    def fetched(self) -> list[str]:
        """Return the URLs of sources and reference images that were fetched, oldest first."""
        urls: list[str] = self._control("GET", "fetched").json()
        return urls

    def uploads(self) -> list[dict[str, Any]]:
        """Return `url`, `name`, `size`, `expires_in`, `uploaded_at` of uploads, oldest first."""
        entries: list[dict[str, Any]] = self._control("GET", "uploads").json()
        return entries

    def expire_uploads(self) -> None:
        """Expire all uploaded files."""
        self._control("DELETE", "uploads")

    def struck(self) -> dict[str, dict[str, int]]:
        """Return the number of calls that a rule affected, by kind and label or fault."""
        counts: dict[str, dict[str, int]] = self._control("GET", "struck").json()
        return counts

    def reset(self) -> None:
        """Reset requests, lists, counts, rules, changes and timing."""
        self._control("POST", "reset")

    def timing(self, **seconds: float) -> None:
        """Change the fields of `Timing`: `queue_seconds`, `run_seconds`, `fetch_seconds`, …"""
        self._control("PUT", "timing", json=seconds)

    def add_video(self, video_id: str, path: Path) -> None:
        """Make the file a Sora generation that the provider knows."""
        self._control("PUT", f"library/{video_id}", content=path.read_bytes())

    def remove_video(self, video_id: str) -> None:
        """Delete the video at the provider."""
        self._control("DELETE", f"library/{video_id}")

    def misbehave(self, on: str, fault: str, **parameters: Any) -> None:
        """Add a rule. `times`, `chance`, `match` and `label` may be among the parameters."""
        rule = json.dumps({"on": on, "fault": fault, **parameters})  # also of half characters
        self._control("POST", "rules", content=rule)

    def behave(self) -> None:
        """Delete all rules."""
        self._control("DELETE", "rules")

    def lock_account(self, reason: str = "Exhausted balance", *, after: int = 0) -> None:
        """Refuse what costs money with fal's 403, once so many more requests were accepted."""
        self._control("PUT", "account", json={"lock": reason, "after": after})

    def revoke_key(self, *, after: int = 0) -> None:
        """Refuse every call with fal's 401, once so many more requests were accepted."""
        self._control("PUT", "account", json={"is_key_revoked": True, "after": after})

    def restore_account(self) -> None:
        """Unlock the account, and accept its key again."""
        self._control("PUT", "account", json={})

    def endpoint(self, endpoint_id: str, **changes: Any) -> None:
        """Change `status`, `gone`, `retired`, `unit_price`, `unit` or `schema` until a reset.

        `schema` is merged into the JSON schema of the input, where null deletes.
        """
        self._control("PUT", f"endpoints/{endpoint_id}", json=changes)

    def _command(self) -> Sequence[str]:
        options: dict[str, object] = {
            "--port": self._port,
            "--state": self.state,
            "--certificate": self.certificate,
            "--queue-seconds": self._timing["queue_seconds"],
            "--run-seconds": self._timing["run_seconds"],
        }
        if self._key:
            options["--key"] = self._key
        words = [str(word) for option in options.items() for word in option]
        words += ["--exit-with-parent", *(["--list-running"] if self._list_running else [])]
        return [sys.executable, "-m", "example_project.fal_sandbox", *words]

    def _first_line(self, process: subprocess.Popen[str]) -> str:
        lines: list[str] = []
        assert process.stdout
        # A thread, for a pipe's readline knows no time limit.
        reader = threading.Thread(
            target=lambda out: lines.append(out.readline()), args=[process.stdout], daemon=True
        )
        reader.start()
        reader.join(self._start_timeout)
        return lines[0] if lines else ""

    def _control(self, method: str, path: str, **body: Any) -> httpx.Response:
        if self._client is None:
            context = ssl.create_default_context(cafile=self.certificate)
            self._client = httpx.Client(
                base_url=self.url, verify=context, trust_env=False, timeout=CONTROL_SECONDS
            )
        answer = self._client.request(method, f"/_sandbox/{path}", **body)
        answer.raise_for_status()
        return answer
