"""What every demo starts and waits for."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType

import httpx
from django.core.management.base import CommandError

from example_project.fal_sandbox import ADMIN_KEY
from example_project.fal_sandbox.process import SandboxError, SandboxProcess

from .browser import Browser
from .children import LOCAL

START_SECONDS = 60


def start_sandbox(
    stack: ExitStack, folder: Path, port: int
) -> tuple[SandboxProcess, dict[str, str]]:
    """Start the sandbox; return it, and the environment in which a site uses it."""
    sandbox = SandboxProcess(folder / "sandbox", port=port, queue_seconds=0.5, run_seconds=2)
    try:
        stack.enter_context(sandbox)
    except SandboxError as error:
        raise CommandError(str(error)) from error
    # A proxy that is set for the rest of the world can't reach the sandbox.
    keys = {**sandbox.environment(), "FAL_ADMIN_KEY": ADMIN_KEY}
    return sandbox, {**keys, "NO_PROXY": LOCAL, "no_proxy": LOCAL}


def open_first_page(browser: Browser, path: str, check: Callable[[], None]) -> None:
    """Open a page as soon as the site answers. Raise CommandError if it never does."""
    deadline = time.monotonic() + START_SECONDS
    while True:
        check()
        try:
            return browser.open(path)
        except httpx.TransportError as error:
            if time.monotonic() > deadline:
                raise CommandError(f"The site does not answer: {error}") from error
            time.sleep(0.1)


def stay(check: Callable[[], None]) -> None:
    """Wait for Ctrl-C, or for the end of a child."""
    while True:
        check()
        time.sleep(0.5)


@contextmanager
def signals_as_interrupts() -> Iterator[None]:
    """Treat SIGTERM, and SIGHUP unless it is ignored, like Ctrl-C."""
    numbers = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]
    if signal.getsignal(signal.SIGHUP) == signal.SIG_IGN:
        numbers.remove(signal.SIGHUP)

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
