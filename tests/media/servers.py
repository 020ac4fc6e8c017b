"""Servers on loopback that send any bytes, and proxies to them."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from types import TracebackType
from typing import Any, Self

import trustme

from sora_remix import media
from sora_remix.request_pool import wait_for

Answer = Callable[[str], Iterable[bytes]]
"""Makes the pieces of an answer from the head of a request."""


def download(url: str, **options: Any) -> bytes:
    """Return the content of a downloaded file."""
    with wait_for(media.download(url, **options)) as file:
        return file.read()


def answer(
    body: bytes = b"",
    *headers: str,
    status: str = "200 OK",
    kind: str = "video/mp4",
    length: bool = True,
) -> list[bytes]:
    """Write an answer as it goes over the wire."""
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", "Connection: close", *headers]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return ["\r\n".join([*lines, "", ""]).encode("latin-1"), body]


class Authority:
    """Signs certificates that clients believe for whom SSL_CERT_FILE is its path."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._authority = trustme.CA()
        self._authority.cert_pem.write_to_path(str(path))

    def context(self, *names: str) -> ssl.SSLContext:
        """Return what a server of these names needs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self._authority.issue_cert(*names).configure_cert(context)
        return context


class _Threads(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: clients hang up as they please."""


class _Server:
    """Serve each connection in a thread of its own, over TLS where a context is given."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        serve = self._serve_connection

        class Handler(BaseRequestHandler):
            def handle(self) -> None:
                connection: socket.socket = self.request
                if context is None:
                    return serve(connection)
                with context.wrap_socket(connection, server_side=True) as secure:
                    return serve(secure)

        self.is_over = threading.Event()
        self._server = _Threads(("127.0.0.1", 0), Handler)
        self.port: int = self._server.server_address[1]

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=[0.01], daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.is_over.set()
        self._server.shutdown()
        self._server.server_close()

    def _serve_connection(self, connection: socket.socket) -> None:
        raise NotImplementedError


def _read_head(connection: socket.socket) -> str:
    head = b""
    while b"\r\n\r\n" not in head:
        if not (more := connection.recv(65536)):
            raise ConnectionError
        head += more
    return head.decode("latin-1")


class FileServer(_Server):
    """Answers one request on each connection."""

    def __init__(self, context: ssl.SSLContext, answer: Answer) -> None:
        super().__init__(context)
        self.answer = answer
        self.heads: list[str] = []
        """What was asked, oldest first."""

    @property
    def url(self) -> str:
        """The base URL, by address."""
        return f"https://127.0.0.1:{self.port}"

    def _serve_connection(self, connection: socket.socket) -> None:
        head = _read_head(connection)
        self.heads.append(head)
        for piece in self.answer(head):
            connection.sendall(piece)

    def drip(self, start: bytes, piece: bytes, seconds: float = 0.01) -> Iterable[bytes]:
        """Send a start, then a piece again and again, until the server is stopped."""
        yield start
        while not self.is_over.wait(seconds):
            yield piece

    def hold(self) -> Iterable[bytes]:
        """Send nothing more, but keep the connection."""
        self.is_over.wait()
        yield b""


class ConnectProxy(_Server):
    """Lets every CONNECT through to one port of this machine, whatever name it asks for."""

    def __init__(
        self, port: int, context: ssl.SSLContext | None = None, *, refusal: bytes = b""
    ) -> None:
        super().__init__(context)
        self._to = port
        self._refusal = refusal
        self.targets: list[str] = []
        """Who was to be reached, oldest first."""

    def _serve_connection(self, connection: socket.socket) -> None:
        method, target, _version = _read_head(connection).split("\r\n")[0].split(" ")
        assert method == "CONNECT"
        self.targets.append(target)
        if self._refusal:
            connection.sendall(self._refusal)
            return
        with socket.create_connection(("127.0.0.1", self._to)) as far:
            connection.sendall(b"HTTP/1.1 200 Connected\r\n\r\n")
            back = threading.Thread(target=_pump, args=[far, connection], daemon=True)
            back.start()
            _pump(connection, far)
            back.join()


def _pump(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        return


class RangeServer(FileServer):
    """Serves one file in parts, as much of it as it is told to."""

    def __init__(
        self, context: ssl.SSLContext, content: bytes, *, etag: str = "", knows_ranges: bool = True
    ) -> None:
        super().__init__(context, self._parts)
        self.content = content
        self.etag = etag
        self.knows_ranges = knows_ranges
        self.cut_after: int | None = None
        """Bytes of a body after which the connection breaks; None sends all."""
        self.holds = False
        """Whether it keeps the connection instead of breaking it."""

    @property
    def ranges(self) -> list[str]:
        """The Range headers that came, empty where there was none."""
        return [header(head, "range") for head in self.heads]

    def _parts(self, head: str) -> Iterable[bytes]:
        first = int(header(head, "range").removeprefix("bytes=").removesuffix("-") or 0)
        size = len(self.content)
        asked_of = header(head, "if-range") or self.etag
        is_part = bool(first) and self.knows_ranges and asked_of == self.etag
        headers = [f"ETag: {self.etag}"] if self.etag else []
        if is_part and first >= size:
            status = "416 Range Not Satisfiable"
            yield from answer(b"", f"Content-Range: bytes */{size}", *headers, status=status)
            return
        status = "206 Partial Content" if is_part else "200 OK"
        if is_part:
            headers.append(f"Content-Range: bytes {first}-{size - 1}/{size}")
        start, body = answer(self.content[first if is_part else 0 :], *headers, status=status)
        yield start
        yield body[: self.cut_after]
        if self.holds:
            yield from self.hold()


def header(head: str, name: str) -> str:
    """Return the value of a header in the head of a request."""
    for line in head.split("\r\n"):
        if line.lower().startswith(f"{name}: "):
            return line.partition(": ")[2]
    return ""
