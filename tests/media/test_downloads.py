"""Downloads over the wire, from well-behaved and hostile servers."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal, media
from sora_remix.exceptions import FileGone, FileRefused, TryLater
from sora_remix.media import downloads
from sora_remix.media.partial_downloads import PartialDownload
from tests.media.servers import Authority, FileServer, answer, download


def test_download_is_the_whole_file_from_its_start(result: fal.Result) -> None:
    data = download(result.video_url)

    assert data[4:8] == b"ftyp"
    assert media.video_facts(io.BytesIO(data)).size == len(data)


@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("cut", {"times": 2}),
        ("drop_before", {"times": 2}),
        ("wrong_length", {"times": 1}),
        ("no_length", {}),
        ("ignore_range", {}),
        ("answer", {"status": 503, "body": "", "times": 2}),
        ("answer", {"status": 429, "body": "", "times": 1}),
    ],
)
def test_interrupted_download_is_resumed_until_complete(
    result: fal.Result, sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    whole = download(result.video_url)
    sandbox.misbehave("download", fault, **parameters)

    assert download(result.video_url) == whole


def test_interrupted_download_without_ranges_starts_again(
    result: fal.Result, sandbox: SandboxProcess
) -> None:
    whole = download(result.video_url)
    sandbox.misbehave("download", "cut", times=1)
    sandbox.misbehave("download", "ignore_range")

    assert download(result.video_url) == whole


@pytest.mark.parametrize(
    ("fault", "parameters", "error"),
    [
        ("drop_before", {}, TryLater),
        ("answer", {"status": 500, "body": ""}, TryLater),
        ("answer", {"status": 416, "body": ""}, TryLater),
        ("answer", {"status": 403, "body": ""}, FileGone),
        ("answer", {"status": 404, "body": ""}, FileGone),
        ("answer", {"status": 410, "body": ""}, FileGone),
        ("html", {}, FileRefused),
        ("redirect", {"to": "http://127.0.0.1/x"}, FileRefused),
        ("redirect", {"to": "file:///etc/hostname"}, FileRefused),
        ("redirect", {"to": "https://example.com/x"}, FileRefused),
        ("redirect", {"to": "https://localhost/x"}, FileRefused),
    ],
)
def test_failed_download_names_the_reason(
    result: fal.Result,
    sandbox: SandboxProcess,
    monkeypatch: pytest.MonkeyPatch,
    fault: str,
    parameters: dict[str, Any],
    error: type[Exception],
) -> None:
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    sandbox.misbehave("download", fault, **parameters)

    with pytest.raises(error):
        download(result.video_url)


def test_endless_redirects_are_refused(result: fal.Result, sandbox: SandboxProcess) -> None:
    sandbox.misbehave("download", "redirect", to=result.video_url)

    with pytest.raises(FileRefused):
        download(result.video_url)


def test_relative_redirect_is_followed(result: fal.Result, sandbox: SandboxProcess) -> None:
    path = result.video_url.removeprefix(sandbox.url)
    sandbox.misbehave("download", "redirect", to=path, times=1)

    assert download(result.video_url)[4:8] == b"ftyp"


@pytest.mark.parametrize(
    "misbehave",
    [
        lambda sandbox: None,
        lambda sandbox: sandbox.misbehave("download", "no_length"),
        lambda sandbox: sandbox.misbehave("download", "endless", bytes=50_000_000),
    ],
)
def test_file_over_the_limit_is_refused_while_it_streams(
    result: fal.Result,
    sandbox: SandboxProcess,
    settings: Any,
    misbehave: Callable[[SandboxProcess], None],
) -> None:
    settings.SORA_REMIX_MAX_RESULT_BYTES = 1000
    misbehave(sandbox)

    with pytest.raises(FileRefused, match="SORA_REMIX_MAX_RESULT_BYTES"):
        download(result.video_url)


@pytest.fixture
def files(own_connections: None, parts_folder: Path, authority: Authority) -> Iterator[FileServer]:
    """A server whose answer each test chooses."""
    with FileServer(authority.context("127.0.0.1"), lambda head: answer(b"a file")) as server:
        yield server


def redirect(to: str) -> list[bytes]:
    return answer(b"", f"Location: {to}", status="302 Found")


HOSTILE = {
    "no HTTP": [b"\x1b[2J" * 40_000],
    "nothing": [b""],
    "a head without an end": [b"HTTP/1.1 200 OK\r\n" + b"X: y\r\n" * 40_000],
    "an unknown status": answer(status="999 Nobody\x07knows"),
    "an upgrade": answer(status="101 Switching Protocols", length=False),
    "not yet": answer(b"soon", status="202 Accepted"),
    "no content": answer(status="204 No Content", length=False),
    "a negative length": answer(b"", "Content-Length: -5", length=False),
    "two lengths": answer(b"abc", "Content-Length: 5"),
    "an absurd length": answer(b"abc", f"Content-Length: {10**19}", length=False),
    "a length without an end": answer(b"abc", f"Content-Length: {'9' * 5000}", length=False),
    "a length in other digits": answer(b"abc", "Content-Length: \xb2", length=False),
    "a length that lies": answer(b"abc", "Content-Length: 5", length=False),
    "broken chunks": answer(b"zz\r\n", "Transfer-Encoding: chunked", length=False),
    "a part of nothing": answer(b"abc", status="206 Partial Content"),
    "another part": answer(b"abc", "Content-Range: bytes 5-7/8", status="206 Partial Content"),
    "too little of a part": answer(
        b"abc", "Content-Range: bytes 0-2/9", status="206 Partial Content"
    ),
    "less of a part than it says": answer(
        b"abc", "Content-Range: bytes 0-8/*", status="206 Partial Content"
    ),
    "a part before its start": answer(
        b"", "Content-Range: bytes 0-/9", status="206 Partial Content"
    ),
    "a part beyond all numbers": answer(
        b"abc", f"Content-Range: bytes 0-{'9' * 5000}/*", status="206 Partial Content"
    ),
    "all of nothing": answer(b"", "Content-Range: bytes */0", status="416 No"),
    "a body that unfolds": answer(b"abc", "Content-Encoding: GZIP"),
    "a body that unfolds twice": answer(b"abc", "Content-Encoding: identity, br"),
    "a page": answer(b"<html>", kind="Text/HTML"),
    "a redirect to no name": redirect("https://xn--a/"),
    "a redirect to no port": redirect("https://127.0.0.1:99999/"),
    "a redirect to half an address": redirect("https://[::1"),
    "a redirect to bytes": redirect("https://127.0.0.1/\xff\x00\x7f"),
    "a redirect that lies": redirect("https://127.0.0.1@evil.example/?signature=secret"),
    "a redirect without an end": redirect("https://127.0.0.1/" + "x" * 70_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_answer_is_refused_or_tried_later(
    monkeypatch: pytest.MonkeyPatch, files: FileServer, name: str
) -> None:
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    files.answer = lambda head: HOSTILE[name]

    with pytest.raises((FileRefused, FileGone, TryLater)) as caught:
        download(f"{files.url}/x?signature=secret")

    shown = str(caught.value)
    assert shown.isprintable() and len(shown) < 300 and "secret" not in shown


def test_compressed_file_is_refused_without_decompressing(files: FileServer) -> None:
    files.answer = lambda head: answer(b"abc", "Content-Encoding: gzip")

    with pytest.raises(FileRefused, match="compressed"):
        download(files.url)


def test_length_header_is_ignored_with_chunked_encoding(files: FileServer) -> None:
    chunks = ["Transfer-Encoding: chunked", "Content-Length: 5"]
    files.answer = lambda head: answer(b"3\r\nabc\r\n0\r\n\r\n", *chunks, length=False)

    assert download(files.url) == b"abc"


@pytest.mark.parametrize(
    "headers",
    [
        ["Content-Length: 2000"],
        [f"Content-Length: {10**19}"],
        ["Transfer-Encoding: chunked"],
        [],
    ],
)
def test_picture_has_its_own_limit(files: FileServer, headers: list[str]) -> None:
    body = b"7d0\r\n" + b"x" * 2000 + b"\r\n0\r\n\r\n" if "chunked" in str(headers) else b"x" * 2000
    files.answer = lambda head: answer(body, *headers, length=False)

    with pytest.raises(FileRefused, match="larger than 1999 bytes") as caught:
        download(files.url, most_bytes=1999)

    assert "MAX_RESULT_BYTES" not in str(caught.value)


@pytest.mark.parametrize(
    ("status", "header"),
    [
        ("200 OK", "Content-Length: 2000"),
        ("206 Partial Content", "Content-Range: bytes 0-1999/2000"),
        ("206 Partial Content", "Content-Range: bytes 0-9/2000"),
    ],
)
def test_file_announced_as_too_large_is_refused_at_once(
    files: FileServer, status: str, header: str
) -> None:
    head = answer(b"", header, status=status, length=False)[0]
    files.answer = lambda asked: files.drip(head, b"", seconds=60)

    with pytest.raises(FileRefused, match="larger"):
        download(files.url, most_bytes=1999)


def test_file_at_the_limit_is_accepted(files: FileServer) -> None:
    files.answer = lambda head: answer(b"x" * 2000)

    assert download(files.url, most_bytes=2000) == b"x" * 2000


def test_explicit_limit_can_exceed_that_of_results(files: FileServer, settings: Any) -> None:
    settings.SORA_REMIX_MAX_RESULT_BYTES = 10
    files.answer = lambda head: answer(b"x" * 2000)

    assert download(files.url, most_bytes=2000) == b"x" * 2000


def test_file_over_the_limit_is_not_written(
    monkeypatch: pytest.MonkeyPatch, files: FileServer
) -> None:
    written: list[int] = []
    monkeypatch.setattr(PartialDownload, "write", lambda part, chunk: written.append(len(chunk)))
    files.answer = lambda head: answer(b"x" * 2000, length=False)

    with pytest.raises(FileRefused):
        download(files.url, most_bytes=100)

    assert written == []


DRIPS = {
    "a body": (answer(b"", "Content-Length: 100000", length=False)[0], b"x"),
    "chunks": (
        answer(b"", "Transfer-Encoding: chunked", length=False)[0],
        b"1\r\nx\r\n",
    ),
    "the end of chunks": (
        answer(b"", "Transfer-Encoding: chunked", length=False)[0] + b"0\r\n",
        b"X: y\r\n",
    ),
    "headers": (b"HTTP/1.1 200 OK\r\n", b"X: y\r\n"),
    "one header": (b"HTTP/1.1 200 OK\r\nX: ", b"y"),
    "promises": (b"", b"HTTP/1.1 103 Early Hints\r\n\r\n"),
}


@pytest.mark.parametrize("name", DRIPS)
@pytest.mark.usefixtures("broken_handshakes")
def test_trickling_server_is_abandoned_at_once(
    monkeypatch: pytest.MonkeyPatch, files: FileServer, name: str
) -> None:
    monkeypatch.setattr(downloads, "RATE_SECONDS", 2)
    monkeypatch.setattr(downloads, "LATE_SECONDS", 1000.0)
    files.answer = lambda head: files.drip(*DRIPS[name])

    with pytest.raises(TryLater, match="less than 4096 bytes per second"):
        download(files.url)

    assert len(files.heads) == 1


@pytest.mark.usefixtures("broken_handshakes")
def test_blocked_event_loop_is_not_blamed_on_the_server(
    monkeypatch: pytest.MonkeyPatch, files: FileServer
) -> None:
    monkeypatch.setattr(downloads, "RATE_SECONDS", 2)
    monkeypatch.setattr(downloads, "LATE_SECONDS", -1000.0)
    files.answer = lambda head: (
        answer(b"a file") if len(files.heads) > 1 else files.drip(*DRIPS["a body"])
    )

    assert download(files.url) == b"a file"


def test_time_limit_grows_with_the_size_of_the_file(
    monkeypatch: pytest.MonkeyPatch, files: FileServer
) -> None:
    moved: list[asyncio.Timeout] = []
    postpone = downloads._postpone

    def count_and_postpone(deadline: asyncio.Timeout) -> None:
        moved.append(deadline)
        postpone(deadline)

    monkeypatch.setattr(downloads, "LEAST_RATE", 1000 / downloads.RATE_SECONDS)
    monkeypatch.setattr(downloads, "_postpone", count_and_postpone)
    files.answer = lambda head: answer(b"x" * 200_000)

    assert len(download(files.url)) == 200_000
    assert len(moved) > 3


def test_cookies_of_a_server_are_not_sent_back(files: FileServer) -> None:
    files.answer = lambda head: answer(b"a file", "Set-Cookie: a=b")

    download(files.url)
    download(files.url)

    assert "cookie" not in files.heads[1].lower()


def test_no_log_shows_a_signature(files: FileServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")

    download(f"{files.url}/x?signature=secret")

    assert "secret" in files.heads[0]
    assert "secret" not in caplog.text
