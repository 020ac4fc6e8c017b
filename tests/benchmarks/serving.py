"""The site itself, so that webhooks reach it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application

from example_project.fal_sandbox.process import SandboxProcess


class QuietHandler(WSGIRequestHandler):
    """Log no requests."""

    def log_message(self, *_args: object) -> None:
        """Write nothing."""


@contextmanager
def served(sandbox: SandboxProcess) -> Iterator[None]:
    """Serve the site, and have the workers that start meanwhile ask for webhooks."""
    settings.SORA_REMIX_JWKS_URL = f"{sandbox.url}/.well-known/jwks.json"
    with ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler) as server:
        server.set_app(get_wsgi_application())
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        os.environ["SORA_REMIX_TESTS_WEBHOOKS"] = f"http://127.0.0.1:{server.server_port}"
        try:
            yield
        finally:
            del os.environ["SORA_REMIX_TESTS_WEBHOOKS"]
            server.shutdown()
            thread.join()
