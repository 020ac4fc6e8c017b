"""The server: certificate, socket, life and end."""

import asyncio
import os
import signal
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from . import ADMIN_KEY, billing_calls, control, platform, protocol, request_list, upload_calls
from .authority import load_authority, server_context, write_atomically
from .fal_queue import Timing
from .sandbox import SANDBOX, Sandbox


@dataclass(frozen=True)
class Options:
    """The command-line options."""

    host: str
    port: int
    state: Path
    certificate: Path
    timing: Timing
    key: str | None
    parent: int | None
    list_running: bool = False
    admin_key: str = ADMIN_KEY


async def serve(options: Options) -> None:
    """Serve until a signal arrives. Raise OSError if the port is taken."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    authority = load_authority(options.state / "authority.pem")
    write_atomically(options.certificate, authority.cert_pem.bytes())
    sandbox = Sandbox(
        options.state,
        options.timing,
        options.key,
        list_running=options.list_running,
        admin_key=options.admin_key,
    )
    runner = web.AppRunner(
        build_app(sandbox), access_log=None, shutdown_timeout=0.1, handler_cancellation=True
    )
    await runner.setup()
    try:
        context = server_context(authority, options.host)
        site = web.TCPSite(runner, options.host, options.port, ssl_context=context, backlog=1024)
        await site.start()
        host, port = runner.addresses[0][:2]
        print(f"fal sandbox ready on https://{host}:{port}", flush=True)
        await wait_for_end(stop, options.parent)
    finally:
        await sandbox.close()
        await runner.cleanup()


def build_app(sandbox: Sandbox) -> web.Application:
    """Return the application. The queue comes last, because it matches almost every path."""
    # A source may be a data URI.
    app = web.Application(client_max_size=64 * 1024 * 1024)
    app[SANDBOX] = sandbox
    control.add_routes(app)
    platform.add_routes(app)
    request_list.add_routes(app)
    billing_calls.add_routes(app)
    upload_calls.add_routes(app)
    protocol.add_routes(app)
    return app


async def wait_for_end(stop: asyncio.Event, parent: int | None) -> None:
    """Return when told to stop, or when the parent process has ended."""
    while not stop.is_set() and parent in (None, os.getppid()):
        try:
            await asyncio.wait_for(stop.wait(), None if parent is None else 1)
        except TimeoutError:
            continue
