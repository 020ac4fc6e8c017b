"""Files are decoded in processes whose crashes affect nothing else."""

from __future__ import annotations

import io
import os
import resource
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import IO, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile, TemporaryUploadedFile

from sora_remix import media
from sora_remix.exceptions import NotAnImage, NotAVideo, TryLater, Undecodable
from sora_remix.media import decoder, processes
from sora_remix.media.decoder import Decoder, DecoderPool
from tests.decoding import bombs
from tests.processes import said_of, wait_until

MIB = 1024**2


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[DecoderPool]:
    """Decoders of this test's own."""
    pool = DecoderPool()
    monkeypatch.setattr(decoder, "_pool", lambda pid: pool)
    # However busy the machine is, what decides is processor time.
    monkeypatch.setattr(decoder, "PATIENCE", 60)
    yield pool
    pool.close()


def _only(pool: DecoderPool) -> Decoder:
    [only] = pool._idle
    return only


def _facts(clip: Path) -> media.VideoFacts:
    return media.video_facts(io.BytesIO(clip.read_bytes()))


def _peak(pid: int | str = "self") -> int:
    """Return the bytes that a process has held at most."""
    status = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


BOMBS: dict[str, tuple[Callable[[], bytes], str]] = {
    "frames": (lambda: bombs.mp4(1, 60_000_000), "10000000 frames"),
    "streams": (lambda: bombs.mp4(101, 1), "100 streams"),
    # FFmpeg itself may crash when it gets no memory.
    "memory": (lambda: bombs.mp4(60, 1_000_000), "1024 MB of memory"),
    "seconds": (lambda: bombs.motion_jpeg(8000, 30_000), "10 seconds"),
}


@pytest.mark.parametrize("limit", BOMBS)
def test_video_over_a_limit_is_refused_and_affects_nothing_else(
    clip: Path, pool: DecoderPool, limit: str
) -> None:
    make, words = BOMBS[limit]
    file, before = io.BytesIO(make()), _peak()

    with pytest.raises(NotAVideo, match=words) as refusal:
        media.video_facts(file)

    assert refusal.value.is_over_limit
    assert _peak() - before < 16 * MIB
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024 < 1400 * MIB
    assert _facts(clip).width == 160


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: bombs.jpeg(8000, 101), "100 progressive scans"),
        (lambda: bombs.jpeg(8001, 1), "64 megapixels"),
        (lambda: bombs.jpeg(8, 1) + bytes(media.MAX_IMAGE_BYTES), "50 MB"),
    ],
    ids=["scans", "pixels", "bytes"],
)
def test_image_over_a_limit_is_refused_and_affects_nothing_else(
    pool: DecoderPool, make: Callable[[], bytes], words: str
) -> None:
    file, before = io.BytesIO(make()), _peak()

    with pytest.raises(NotAnImage, match=words) as refusal:
        media.image_facts(file)

    assert refusal.value.is_over_limit
    assert _peak() - before < 16 * MIB
    assert media.image_facts(io.BytesIO(bombs.jpeg(64, 2))).width == 64


def test_metadata_of_an_image_can_not_exceed_the_memory_limit(
    pool: DecoderPool,
) -> None:
    before = _peak()

    facts = media.image_facts(io.BytesIO(bombs.png(1_200_000_000)))

    assert facts.width == 8
    assert _peak() - before < 16 * MIB
    assert MIB < _peak(_only(pool).pid) < 1400 * MIB


def test_video_over_a_limit_has_no_thumbnails(pool: DecoderPool, clip: Path) -> None:
    bomb = bombs.mp4(1, 60_000_000)

    assert media.thumbnail(io.BytesIO(bomb)) is None
    assert media.thumbnail(io.BytesIO(clip.read_bytes()))


def test_thumbnail_that_kills_decoders_does_not_lose_the_facts(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = _replace_decoders(monkeypatch, "sys.exit()", "sys.exit()")

    facts, picture = media.facts_and_thumbnail(io.BytesIO(clip.read_bytes()))

    assert (facts.width, picture, left) == (160, None, [])


@pytest.mark.parametrize("answer", ["5", "{}", '{"facts": {"container": "mp4"}}'])
def test_facts_returned_with_a_thumbnail_are_not_trusted(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    _replace_decoders(monkeypatch, f"parent.sendall(b'{{\"value\": {answer}}}\\n')")

    with pytest.raises(NotAVideo):
        media.facts_and_thumbnail(io.BytesIO(clip.read_bytes()))


def test_image_at_the_size_limit_is_decoded(pool: DecoderPool) -> None:
    facts = media.image_facts(io.BytesIO(bombs.jpeg(8000, 100)))

    assert (facts.width, facts.height) == (8000, 8000)


def test_one_decoder_serves_several_files_in_turn(pool: DecoderPool, clip: Path) -> None:
    _facts(clip)
    first = _only(pool).pid

    _facts(clip)
    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(b"<html>"))

    assert _only(pool).pid == first


def test_decoder_that_used_much_memory_is_replaced(pool: DecoderPool) -> None:
    media.image_facts(io.BytesIO(bombs.jpeg(64, 2)))

    with pytest.raises(NotAnImage):
        media.image_facts(io.BytesIO(bombs.jpeg(8001, 1)))

    assert pool._idle == []


def test_decoder_is_replaced_after_some_jobs(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "MAX_JOBS", 2)
    _facts(clip)
    first = _only(pool)

    _facts(clip)

    assert pool._idle == []
    assert not first.is_alive
    assert _facts(clip).width == 160


def test_decoder_killed_while_idle_is_replaced(pool: DecoderPool, clip: Path) -> None:
    _facts(clip)
    first = _only(pool).pid

    os.kill(first, signal.SIGKILL)

    assert _facts(clip).width == 160
    assert _only(pool).pid != first


def test_decoder_ignores_signals_to_the_process_group_of_its_parent(
    pool: DecoderPool, clip: Path
) -> None:
    _facts(clip)
    first = _only(pool).pid

    assert os.getpgid(first) != os.getpgid(0)
    os.kill(first, signal.SIGINT)
    os.kill(first, signal.SIGTERM)

    _facts(clip)
    assert _only(pool).pid == first


def test_threads_share_few_decoders(pool: DecoderPool, clip: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(_facts, [clip] * 40))

    assert len(found) == 1
    assert 1 <= len(pool._idle) <= decoder.MAX_DECODERS


def test_decoder_has_no_keys_in_its_environment(pool: DecoderPool, clip: Path) -> None:
    _facts(clip)

    assert "FAL_KEY" in os.environ
    assert b"FAL_KEY" not in Path(f"/proc/{_only(pool).pid}/environ").read_bytes()


def test_linux_kills_a_decoder_before_its_parent(pool: DecoderPool, clip: Path) -> None:
    _facts(clip)

    assert Path(f"/proc/{_only(pool).pid}/oom_score_adj").read_text() == "1000\n"


STUB = """
    import array, socket, sys, time
    parent = socket.socket(fileno=0)
    parent.sendall(b"{}\\n")
    while parent.recv(64):
        %s
"""


def _replace_decoders(monkeypatch: pytest.MonkeyPatch, *behaviours: str) -> list[str]:
    """Have each decoder that is started behave like the next of these, and then like real ones."""
    start, left = decoder._start, list(behaviours)

    def start_next(connection: socket.socket) -> subprocess.Popen[bytes]:
        if not left:
            return start(connection)
        code = textwrap.dedent(STUB) % left.pop(0)
        return subprocess.Popen([sys.executable, "-c", code], stdin=connection.fileno())

    monkeypatch.setattr(decoder, "_start", start_next)
    return left


def test_decoder_killed_at_work_is_replaced_and_the_file_tried_again(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = _replace_decoders(monkeypatch, "import os; os.kill(os.getpid(), 9)")

    assert _facts(clip).width == 160
    assert left == []


def test_memory_left_over_from_earlier_files_refuses_no_file(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = """parent.sendall(b'{"limit": "memory"}\\n')"""
    left = _replace_decoders(monkeypatch, full)
    pool._idle.append(_used(Decoder()))

    assert _facts(clip).width == 160
    assert left == []


def _used(used: Decoder) -> Decoder:
    used.jobs = 1
    return used


BROKEN = [
    "import os; os.kill(os.getpid(), 11)",
    "sys.exit()",
    "parent.sendall(b'nothing that makes sense\\n')",
    "parent.sendall(b'[]\\n')",
    "parent.sendall(b'[' * 200_000 + b'\\n')",
    "parent.sendall(b'x' * 9_000_000)",
]


@pytest.mark.parametrize("behaviour", BROKEN)
def test_file_that_kills_two_decoders_is_refused(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    _replace_decoders(monkeypatch, behaviour, behaviour)

    with pytest.raises(NotAVideo, match="crashed the decoder") as refusal:
        _facts(clip)

    assert refusal.value.is_over_limit
    assert _facts(clip).width == 160


@pytest.mark.parametrize(
    "answer",
    [
        '{"limit": ["no", "limit"]}',
        '{"error": "a\\\\u0000b"}',
        '{"value": null}',
        '{"value": {"width": 1}}',
        '{"value": {"width": true, "height": 1, "duration": 1, "rate": null}}',
        '{"value": {"width": 1, "height": -1, "duration": 1, "rate": null}}',
        '{"value": {"width": 1, "height": 2147483648, "duration": 1, "rate": null}}',
        '{"value": {"width": 1, "height": 1, "duration": "long", "rate": null}}',
        '{"value": {"width": 1, "height": 1, "duration": 1, "rate": [1, 0]}}',
    ],
)
def test_answers_of_a_decoder_are_not_trusted(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    _replace_decoders(monkeypatch, f"parent.sendall(b'{answer}\\n')")

    with pytest.raises(NotAVideo) as refusal:
        _facts(clip)

    assert str(refusal.value).isprintable()


@pytest.mark.parametrize("answer", ['"!"', '"PGh0bWw+"', "5", '{"columns": 1}'])
def test_pictures_from_a_decoder_are_not_trusted(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch, answer: str
) -> None:
    _replace_decoders(monkeypatch, f"parent.sendall(b'{{\"value\": {answer}}}\\n')")
    file = io.BytesIO(clip.read_bytes())

    assert media.thumbnail(file) is None


def test_slow_decoder_is_an_error_of_the_server(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _replace_decoders(monkeypatch, "time.sleep(600)")
    monkeypatch.setattr(decoder, "PATIENCE", 0.05)

    with pytest.raises(TryLater, match="too busy"):
        _facts(clip)

    monkeypatch.setattr(decoder, "PATIENCE", 60)
    assert _facts(clip).width == 160


def test_waiting_for_a_decoder_times_out(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoder, "PATIENCE", 0)
    with pool._places, pool._places, pytest.raises(TryLater, match="busy decoding"):
        _facts(clip)


@pytest.mark.parametrize("interpreter", ["/nowhere/python", "/bin/false"])
def test_missing_decoders_say_nothing_about_a_file(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch, interpreter: str
) -> None:
    monkeypatch.setattr(sys, "executable", interpreter)
    monkeypatch.setattr(processes, "interpreter", lambda: interpreter)

    with pytest.raises(TryLater, match="can't be started"):
        _facts(clip)


def test_decoder_runs_python_under_an_embedding_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/usr/bin/uwsgi")

    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    assert processes.interpreter() == f"{sys.exec_prefix}/bin/python{version}"


class _Rot13(io.BufferedIOBase):
    """A file whose descriptor has other bytes than it reads."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)
        self.fileno = lambda: os.open("/dev/null", os.O_RDONLY)  # type: ignore[method-assign]

    def read(self, size: int | None = -1, /) -> bytes:
        return self._content.read(size)

    def seek(self, offset: int, whence: int = 0, /) -> int:
        return self._content.seek(offset, whence)


def _spooled(content: bytes) -> IO[bytes]:
    file = tempfile.SpooledTemporaryFile(MIB)  # noqa: SIM115
    file.write(content)
    return file


def _on_disk(content: bytes) -> IO[bytes]:
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.write(content)
    return file


def _large_upload(content: bytes) -> TemporaryUploadedFile:
    upload = TemporaryUploadedFile("clip.mp4", "video/mp4", len(content), None)
    upload.write(content)
    return upload


def unexpected(*_arguments: object) -> None:
    """Stand in for what must not be called."""
    raise AssertionError


FILES: dict[str, Callable[[bytes], Any]] = {
    "in memory": io.BytesIO,
    "spooled": _spooled,
    "on disk": _on_disk,
    "small upload": lambda content: SimpleUploadedFile("clip.mp4", content),
    "large upload": _large_upload,
    "not what its descriptor has": _Rot13,
}


@pytest.mark.parametrize("kind", FILES)
def test_files_of_all_kinds_are_decoded_and_rewound(
    pool: DecoderPool, clip: Path, kind: str
) -> None:
    content = clip.read_bytes()

    with FILES[kind](content) as file:
        facts = media.video_facts(file)

        assert (facts.width, facts.size) == (160, len(content))
        assert file.read() == content


@pytest.mark.skipif(not processes.HAS_MEMORY_FILES, reason="only Linux has them")
def test_small_file_is_decoded_without_writing_it_to_disk(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _spooled(clip.read_bytes()) as file:
        monkeypatch.setattr(tempfile, "TemporaryFile", unexpected)

        assert media.video_facts(file).width == 160


@pytest.mark.skipif(not processes.HAS_MEMORY_FILES, reason="only Linux has them")
def test_large_file_is_not_copied_in_memory(
    pool: DecoderPool, clip: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "SMALL", clip.stat().st_size - 1)
    monkeypatch.setattr(os, "memfd_create", unexpected)

    with _spooled(clip.read_bytes()) as file:
        assert media.video_facts(file).width == 160


def test_partly_read_file_keeps_its_buffer(pool: DecoderPool, clip: Path) -> None:
    with clip.open("rb") as file:
        file.read(10)
        media.thumbnail(file)

        assert file.read() == clip.read_bytes()


def _script(text: str, clip: Path) -> subprocess.Popen[str]:
    prologue = """
        import io, os, sys
        from django.conf import settings
        settings.configure(USE_I18N=False)
        from sora_remix import media
        from sora_remix.media import decoder, processes
        def decode():
            media.video_facts(io.BytesIO(open(sys.argv[1], "rb").read()))
            return decoder._pool(os.getpid())._idle[0].pid
    """
    code = textwrap.dedent(prologue) + textwrap.dedent(text)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(clip)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


def test_forked_process_has_its_own_decoders(clip: Path) -> None:
    text = """
        first = decode()
        if child := os.fork():
            assert os.waitpid(child, 0)[1] == 0
            assert decode() == first
        else:
            os._exit(0 if decode() != first else 1)
    """
    with _script(text, clip) as process:
        assert process.wait(60) == 0


@pytest.mark.parametrize("ending", ["sys.exit()", "os.kill(os.getpid(), 9)"])
def test_decoders_exit_with_their_parent(clip: Path, ending: str) -> None:
    with _script(f"print(decode(), flush=True); {ending}", clip) as process:
        assert process.stdout
        pid = process.stdout.readline().strip()

    wait_until(lambda: not _runs(pid))


def test_forked_worker_leaves_no_zombies(clip: Path) -> None:
    text = """
        import ctypes, multiprocessing
        ctypes.CDLL(None).prctl(36, 1)  # PR_SET_CHILD_SUBREAPER: in place of a careless init
        def work():
            print(decode(), flush=True)
        process = multiprocessing.get_context("fork").Process(target=work, daemon=True)
        process.start()
        process.join()
        sys.stdin.read()
    """
    with _script(text, clip) as process:
        assert process.stdout
        pid = process.stdout.readline().strip()
        wait_until(lambda: not Path(f"/proc/{pid}").exists())
        process.communicate("")


def _runs(pid: str) -> bool:
    stat = said_of(int(pid), "stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def test_all_refusals_of_files_have_one_base_class() -> None:
    assert issubclass(NotAVideo, Undecodable)
    assert issubclass(NotAnImage, Undecodable)
