"""A proxy on loopback that records the targets of CONNECT."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class TunnelProxy(ThreadingHTTPServer):
    """Counts the tunnels it opens, by their targets."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), TunnelHandler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.targets: list[str] = []


class TunnelHandler(BaseHTTPRequestHandler):
    server: TunnelProxy

    def do_CONNECT(self) -> None:
        self.server.targets.append(self.path)
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as other:
            self.send_response(200)
            self.end_headers()
            self._pass_on(other)

    def _pass_on(self, other: socket.socket) -> None:
        across = {self.connection: other, other: self.connection}
        while True:
            for one in select.select(list(across), [], [])[0]:
                data = one.recv(65_536)
                if not data:
                    return
                across[one].sendall(data)

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@contextmanager
def tunnel_proxy() -> Iterator[TunnelProxy]:
    """Run a proxy for a while."""
    with TunnelProxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield proxy
        finally:
            proxy.shutdown()
            thread.join()
