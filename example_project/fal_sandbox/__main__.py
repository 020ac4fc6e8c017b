"""Command line: `python -m example_project.fal_sandbox`."""

import argparse
import asyncio
import os
import sys
from pathlib import Path

from . import ADMIN_KEY
from .fal_queue import Timing
from .server import Options, serve


def read_options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="fal_sandbox", description="Speak fal's queue protocol.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--state", type=Path, required=True, help="folder for library and files")
    parser.add_argument("--certificate", type=Path, required=True, help="where to put the CA's PEM")
    parser.add_argument("--queue-seconds", type=float, default=0.5)
    parser.add_argument("--run-seconds", type=float, default=3.0)
    parser.add_argument("--key", help="the only key to accept; any by default")
    parser.add_argument("--admin-key", default=ADMIN_KEY, help="the key of admin scope")
    parser.add_argument(
        "--list-running", action="store_true", help="show requests in the list before their end"
    )
    parser.add_argument("--exit-with-parent", action="store_true")
    given = parser.parse_args()
    return Options(
        host=given.host,
        port=given.port,
        state=given.state,
        certificate=given.certificate,
        timing=Timing(given.queue_seconds, given.run_seconds),
        key=given.key,
        parent=os.getppid() if given.exit_with_parent else None,
        list_running=given.list_running,
        admin_key=given.admin_key,
    )


def main() -> int:
    """Serve, and return the exit status."""
    options = read_options()
    try:
        asyncio.run(serve(options))
    except OSError as error:
        place = f"{options.host}:{options.port}"
        print(f"The fal sandbox cannot listen on {place}: {error.strerror}.", file=sys.stderr)
        return 2
    return 0


status = main()
sys.stdout.flush()
sys.stderr.flush()
# A rendering that is under way must not hold up the end.
os._exit(status)
