"""Parts left by a download, and how the next one continues them."""

from __future__ import annotations

import asyncio
import fcntl
import io
import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections import namedtuple
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest

from sora_remix import media
from sora_remix.exceptions import FileGone, FileRefused, TryLater
from sora_remix.media import downloads, partial_downloads
from sora_remix.media.partial_downloads import FileVersion, PartialDownload, PartialFile
from sora_remix.request_pool import wait_for
from tests.media.servers import Authority, RangeServer, answer, download, header

CONTENT = random.Random(1).randbytes(3_000_000)
OTHER = random.Random(2).randbytes(3_000_000)
HALF = 1_600_000
pytestmark = pytest.mark.usefixtures("own_connections")


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch, parts_folder: Path) -> None:
    """Give up after one attempt, and tidy up whenever a test begins."""
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)
    partial_downloads._tidy.cache_clear()


@pytest.fixture
def files(authority: Authority) -> Iterator[RangeServer]:
    """A server of one file, which it names by a tag."""
    context = authority.context("127.0.0.1")
    with RangeServer(context, CONTENT, etag='"one"') as server:
        yield server


@pytest.fixture
def untagged(files: RangeServer) -> RangeServer:
    files.etag = ""
    return files


def lying_around(folder: Path) -> list[Path]:
    """Return the files of all partial_downloads."""
    return [path for path in folder.rglob("*") if path.is_file()]


def leave_half(files: RangeServer, query: str = "") -> None:
    """Let a download break off in the middle."""
    files.cut_after = HALF
    with pytest.raises(TryLater):
        download(f"{files.url}/x.mp4{query}")
    files.cut_after = None
    files.heads.clear()


def test_exhausted_download_continues_under_another_signature(
    files: RangeServer,
) -> None:
    leave_half(files, "?signature=1")

    assert download(f"{files.url}/x.mp4?signature=2") == CONTENT
    assert files.ranges == [f"bytes={HALF}-"]
    assert header(files.heads[0], "if-range") == '"one"'


def test_download_without_etag_continues_too(untagged: RangeServer) -> None:
    leave_half(untagged)

    assert download(f"{untagged.url}/x.mp4") == CONTENT
    assert untagged.ranges == [f"bytes={HALF}-"]


def test_another_file_starts_again(files: RangeServer) -> None:
    leave_half(files)

    assert download(f"{files.url}/y.mp4") == CONTENT
    assert files.ranges == [""]


def test_file_with_another_etag_starts_again(files: RangeServer) -> None:
    leave_half(files)
    files.content, files.etag = OTHER, '"two"'

    assert download(f"{files.url}/x.mp4") == OTHER
    assert files.ranges == [f"bytes={HALF}-"]


def test_range_with_another_etag_is_not_appended(
    monkeypatch: pytest.MonkeyPatch, files: RangeServer
) -> None:
    leave_half(files)
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    files.content, files.etag = OTHER, '"two"'
    monkeypatch.setattr(downloads, "_range_headers", ranges_without_if_range)

    assert download(f"{files.url}/x.mp4") == OTHER
    assert files.ranges == [f"bytes={HALF}-", ""]


def ranges_without_if_range(part: PartialDownload) -> dict[str, str]:
    """Ask as if the server did not know If-Range."""
    return {"Range": f"bytes={part.size}-"} if part.size else {}


@pytest.mark.parametrize("size", [2_000_000, 2_999_999])
def test_file_of_another_size_starts_again(
    monkeypatch: pytest.MonkeyPatch, untagged: RangeServer, size: int
) -> None:
    leave_half(untagged)
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    untagged.content = OTHER[:size]

    assert download(f"{untagged.url}/x.mp4") == OTHER[:size]
    assert untagged.ranges == [f"bytes={HALF}-", ""]


def test_file_that_became_shorter_than_its_part_starts_again(
    monkeypatch: pytest.MonkeyPatch, untagged: RangeServer
) -> None:
    leave_half(untagged)
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    untagged.content = OTHER[:1000]

    assert download(f"{untagged.url}/x.mp4") == OTHER[:1000]


def test_download_without_ranges_starts_again(files: RangeServer) -> None:
    leave_half(files)
    files.knows_ranges = False

    assert download(f"{files.url}/x.mp4") == CONTENT


def test_part_without_any_validator_is_not_kept(files: RangeServer, parts_folder: Path) -> None:
    broken = b"fffff0\r\n" + b"x" * HALF
    files.answer = lambda head: answer(broken, "Transfer-Encoding: chunked", length=False)

    with pytest.raises(TryLater):
        download(f"{files.url}/x.mp4")

    assert lying_around(parts_folder) == []


def test_small_part_is_not_kept(files: RangeServer, parts_folder: Path) -> None:
    files.cut_after = 1_000_000

    with pytest.raises(TryLater):
        download(f"{files.url}/x.mp4")

    assert lying_around(parts_folder) == []


def test_finished_file_leaves_no_part(files: RangeServer, parts_folder: Path) -> None:
    leave_half(files)

    with wait_for(media.download(f"{files.url}/x.mp4")) as file:
        assert file.read() == CONTENT

    assert lying_around(parts_folder) == []


@pytest.mark.parametrize(
    ("status", "kind", "error"),
    [("404 Not Found", "video/mp4", FileGone), ("200 OK", "text/html", FileRefused)],
)
def test_missing_or_refused_file_leaves_no_part(
    files: RangeServer, parts_folder: Path, status: str, kind: str, error: type[Exception]
) -> None:
    leave_half(files)
    files.answer = lambda head: answer(b"x", status=status, kind=kind)

    with pytest.raises(error):
        download(f"{files.url}/x.mp4")

    assert lying_around(parts_folder) == []


def test_part_over_the_limit_is_refused(files: RangeServer) -> None:
    leave_half(files)

    with pytest.raises(FileRefused):
        download(f"{files.url}/x.mp4", most_bytes=HALF)


def test_cancelled_download_continues(files: RangeServer, parts_folder: Path) -> None:
    files.cut_after, files.holds = HALF, True

    async def cancel_in_the_middle() -> None:
        call = asyncio.create_task(media.download(f"{files.url}/x.mp4"))
        while kept_size(parts_folder) < HALF:
            await asyncio.sleep(0.01)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    wait_for(cancel_in_the_middle())
    files.cut_after = None
    files.heads.clear()

    assert download(f"{files.url}/x.mp4") == CONTENT
    assert files.ranges == [f"bytes={HALF}-"]


def kept_size(folder: Path) -> int:
    return sum(path.stat().st_size for path in lying_around(folder) if not path.suffix)


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt])
def test_part_is_kept_when_the_process_is_stopped_and_the_stop_goes_through(
    monkeypatch: pytest.MonkeyPatch, files: RangeServer, error: type[BaseException]
) -> None:
    write = PartialDownload.write

    def write_and_end(part: PartialDownload, chunk: bytes) -> None:
        write(part, chunk)
        if part.size > HALF:
            raise error

    monkeypatch.setattr(PartialDownload, "write", write_and_end)
    with pytest.raises(error):
        download(f"{files.url}/x.mp4")
    monkeypatch.setattr(PartialDownload, "write", write)

    assert download(f"{files.url}/x.mp4") == CONTENT
    assert int(files.ranges[1].removeprefix("bytes=").removesuffix("-")) > HALF


def test_internal_error_keeps_no_part(
    monkeypatch: pytest.MonkeyPatch, files: RangeServer, parts_folder: Path
) -> None:
    leave_half(files)

    def fail(part: PartialDownload, chunk: bytes) -> None:
        raise RuntimeError

    monkeypatch.setattr(PartialDownload, "write", fail)
    with pytest.raises(RuntimeError):
        download(f"{files.url}/x.mp4")

    assert lying_around(parts_folder) == []


def test_full_disk_is_a_temporary_error(files: RangeServer, parts_folder: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (HALF, limits[1]))
    try:
        with pytest.raises(TryLater):
            download(f"{files.url}/x.mp4")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    assert kept_size(parts_folder) <= HALF
    assert download(f"{files.url}/x.mp4") == CONTENT


PROGRAM = """
import sys, tempfile, django
django.setup()
tempfile.tempdir = sys.argv[1]
from sora_remix import media
from sora_remix.request_pool import wait_for
wait_for(media.download(sys.argv[2]))
"""


def test_another_process_continues_the_part_of_a_killed_one(
    files: RangeServer, parts_folder: Path
) -> None:
    files.cut_after, files.holds = HALF, True
    command = [sys.executable, "-c", PROGRAM, str(parts_folder), f"{files.url}/x.mp4"]
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    with subprocess.Popen(command, env=environment) as worker:
        while kept_size(parts_folder) < HALF and worker.poll() is None:
            time.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
    files.cut_after = None
    files.heads.clear()

    assert download(f"{files.url}/x.mp4") == CONTENT
    assert files.ranges == [f"bytes={HALF}-"]


def test_two_downloads_of_one_file_do_not_affect_each_other(
    files: RangeServer, parts_folder: Path
) -> None:
    leave_half(files)
    url = f"{files.url}/x.mp4"

    async def both() -> tuple[IO[bytes], IO[bytes]]:
        return await asyncio.gather(media.download(url), media.download(url))

    contents = []
    for file in wait_for(both()):
        with file:
            contents.append(file.read())

    assert contents == [CONTENT, CONTENT]
    assert sorted(files.ranges) == ["", f"bytes={HALF}-"]
    assert lying_around(parts_folder) == []


def test_part_removed_while_it_was_opened_is_not_continued(
    monkeypatch: pytest.MonkeyPatch, files: RangeServer
) -> None:
    leave_half(files)
    lock = fcntl.flock

    path = partial_downloads._path_of(f"{files.url}/x.mp4")
    assert path

    def remove_before_the_lock(file: Any, operation: int) -> None:
        path.unlink(missing_ok=True)
        lock(file, operation)

    monkeypatch.setattr(fcntl, "flock", remove_before_the_lock)

    assert partial_downloads._open_locked(path, os.O_RDWR) is None


# --- finished downloads that could not be stored


def finished(files: RangeServer) -> IO[bytes]:
    return wait_for(media.download(f"{files.url}/x.mp4"))


def in_memory(files: RangeServer) -> IO[bytes]:
    return io.BytesIO(CONTENT)


def temporary(files: RangeServer) -> IO[bytes]:
    file = TemporaryFile()  # noqa: SIM115  (the test closes it)
    file.write(CONTENT)
    return file


@pytest.mark.parametrize("make", [finished, in_memory, temporary])
@pytest.mark.parametrize("etag", ["", '"one"'])
def test_kept_finished_file_completes_at_once(
    files: RangeServer, parts_folder: Path, make: Callable[..., IO[bytes]], etag: str
) -> None:
    files.etag = etag
    with make(files) as file:
        file.seek(5)
        media.keep_download(f"{files.url}/x.mp4?signature=1", file)
        assert file.tell() == 5
    files.heads.clear()

    assert download(f"{files.url}/x.mp4?signature=2") == CONTENT
    assert files.ranges == [f"bytes={len(CONTENT)}-"]
    assert lying_around(parts_folder) == []


def test_finished_file_of_unknown_length_is_kept(files: RangeServer) -> None:
    body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(CONTENT), CONTENT)
    serve = files.answer
    files.answer = lambda head: answer(body, "Transfer-Encoding: chunked", length=False)
    with finished(files) as file:
        media.keep_download(f"{files.url}/x.mp4", file)
    files.answer, files.etag = serve, ""
    files.heads.clear()

    assert download(f"{files.url}/x.mp4") == CONTENT
    assert files.ranges == [f"bytes={len(CONTENT)}-"]


def test_unsatisfiable_range_completes_a_kept_file(files: RangeServer) -> None:
    size = len(CONTENT)
    with finished(files) as file:
        media.keep_download(f"{files.url}/x.mp4", file)
    nothing = answer(
        b"", f"Content-Range: bytes {size}-{size - 1}/{size}", status="206 Partial Content"
    )
    files.answer = lambda head: nothing

    assert download(f"{files.url}/x.mp4") == CONTENT


def test_kept_file_of_changed_size_starts_again(
    monkeypatch: pytest.MonkeyPatch, untagged: RangeServer
) -> None:
    monkeypatch.setattr(downloads, "ATTEMPTS", 2)
    with finished(untagged) as file:
        media.keep_download(f"{untagged.url}/x.mp4", file)
    untagged.content = OTHER[:-1]

    assert download(f"{untagged.url}/x.mp4") == OTHER[:-1]


def test_small_finished_file_is_not_kept(parts_folder: Path) -> None:
    media.keep_download("https://127.0.0.1/x.mp4", io.BytesIO(b"x" * 1000))

    assert lying_around(parts_folder) == []


# --- the folder


@contextmanager
def nobody_may_write(folder: Path) -> Iterator[None]:
    (folder / f"sora_remix_parts_{os.geteuid()}").write_text("a file where the folder belongs")
    yield


@contextmanager
def folder_is_a_link(folder: Path) -> Iterator[None]:
    (folder / "elsewhere").mkdir(0o700)
    (folder / f"sora_remix_parts_{os.geteuid()}").symlink_to(folder / "elsewhere")
    yield


@contextmanager
def folder_is_open_to_all(folder: Path) -> Iterator[None]:
    ours = folder / f"sora_remix_parts_{os.geteuid()}"
    ours.mkdir()
    ours.chmod(0o777)
    yield


@contextmanager
def folder_is_of_somebody_else(folder: Path) -> Iterator[None]:
    somebody = os.geteuid() + 1
    (folder / f"sora_remix_parts_{somebody}").mkdir(0o700)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "geteuid", lambda: somebody)
        yield


@contextmanager
def no_folder_at_all(folder: Path) -> Iterator[None]:
    def fail(path: Path, mode: int = 0o777) -> None:
        raise PermissionError

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "mkdir", fail)
        yield


@contextmanager
def part_can_not_be_opened(folder: Path) -> Iterator[None]:
    open_any = os.open

    def fail(path: Any, *args: Any) -> int:
        if "sora_remix_parts" in str(path):
            raise OSError(28, "No space left on device")
        return open_any(path, *args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "open", fail)
        yield


@contextmanager
def disk_fills_up(folder: Path) -> Iterator[None]:
    def fail(source: object, sink: object) -> None:
        raise OSError(28, "No space left on device")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial_downloads, "copyfileobj", fail)
        yield


@contextmanager
def disk_is_nearly_full(folder: Path) -> Iterator[None]:
    usage = namedtuple("usage", "total used free")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(partial_downloads, "disk_usage", lambda path: usage(100, 90, 10))
        yield


FOLDERS = [
    nobody_may_write,
    folder_is_a_link,
    folder_is_open_to_all,
    folder_is_of_somebody_else,
    no_folder_at_all,
    part_can_not_be_opened,
    disk_fills_up,
    disk_is_nearly_full,
]


@pytest.mark.parametrize("make", FOLDERS)
def test_downloads_work_where_no_part_can_be_kept(
    files: RangeServer, parts_folder: Path, make: Callable[[Path], Any]
) -> None:
    with make(parts_folder):
        leave_half(files)
        with finished(files) as file:
            assert file.read() == CONTENT
            media.keep_download(f"{files.url}/x.mp4", file)

        assert files.ranges == [""]
        assert kept_size(parts_folder) < HALF


def test_parts_are_readable_only_by_their_owner(files: RangeServer, parts_folder: Path) -> None:
    leave_half(files)

    [folder] = parts_folder.iterdir()
    assert folder.stat().st_mode & 0o777 == 0o700
    assert all(path.stat().st_mode & 0o077 == 0 for path in folder.iterdir() if not path.suffix)


def test_old_parts_are_removed_when_a_download_starts(
    files: RangeServer, parts_folder: Path
) -> None:
    leave_half(files)
    download_half_of_another(files)
    [old, *_] = [path for path in lying_around(parts_folder) if not path.suffix]
    a_day_ago = time.time() - partial_downloads.KEPT_SECONDS - 60
    os.utime(old, (a_day_ago, a_day_ago))

    partial_downloads._tidy.cache_clear()
    PartialDownload(f"{files.url}/z.mp4").discard()

    [left] = [path for path in lying_around(parts_folder) if not path.suffix]
    assert left != old
    assert partial_downloads._version_path(left).exists()


def download_half_of_another(files: RangeServer) -> None:
    files.cut_after = HALF
    with pytest.raises(TryLater):
        download(f"{files.url}/y.mp4")


def test_folder_is_cleaned_once_an_hour(
    monkeypatch: pytest.MonkeyPatch, parts_folder: Path
) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 7200.0)
    PartialDownload("https://127.0.0.1/x").discard()
    monkeypatch.setattr(time, "monotonic", lambda: 10_000.0)
    PartialDownload("https://127.0.0.1/y").discard()

    assert partial_downloads._tidy.cache_info().misses == 1


@pytest.mark.parametrize("said", ["", "{", "[]", '{"etag": "x", "more": 1}', '{"etag": 5'])
def test_part_with_unreadable_version_starts_again(
    files: RangeServer, parts_folder: Path, said: str
) -> None:
    leave_half(files)
    [version_path] = [path for path in lying_around(parts_folder) if path.suffix]
    version_path.write_text(said)

    assert download(f"{files.url}/x.mp4") == CONTENT
    assert files.ranges == [""]


@pytest.mark.parametrize(
    "etag", ['W/"one"', "one", '"' + "x" * 500 + '"', '""', '"a\xff"', '"a" "b"']
)
def test_weak_or_invalid_etag_is_ignored(files: RangeServer, etag: str) -> None:
    files.etag = etag
    leave_half(files)

    with suppress(TryLater):
        download(f"{files.url}/x.mp4")

    assert "if-range" not in files.heads[0].lower()


def test_versions_differ_only_in_fields_known_to_both() -> None:
    one = FileVersion('"one"', 5)

    assert not one.contradicts(FileVersion())
    assert not FileVersion().contradicts(one)
    assert not one.contradicts(FileVersion('"one"', None))
    assert one.contradicts(FileVersion('"two"', None))
    assert one.contradicts(FileVersion("", 6))


def test_part_on_disk_has_no_more_than_was_written(parts_folder: Path) -> None:
    part = PartialDownload("https://127.0.0.1/x")
    part.start(FileVersion(total=10))
    for _ in range(3):
        part.write(b"x" * 600_000)

    assert isinstance(part.file, PartialFile)
    assert part.size == 1_800_000
    part.start(FileVersion(total=10))
    assert part.size == 0
    part.discard()
