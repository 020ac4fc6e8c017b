"""Clips are made in a process whose end affects nothing else."""

from __future__ import annotations

import io
import os
import resource
import signal
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import pytest

from sora_remix import media
from sora_remix.decoding.limits import MAX_STREAMS
from sora_remix.exceptions import ClipTooLarge, NotAVideo, SourceUnreadable, TryLater
from sora_remix.media import fitter, processes
from sora_remix.recipe import Recipe
from tests.decoding import bombs
from tests.fitting.footage import Footage, film
from tests.processes import ROOT, said_of, wait_until

FASTSTART = (("movflags", "+faststart"),)


@pytest.fixture(scope="module")
def footage() -> bytes:
    return film(Footage())


@pytest.fixture
def target() -> Iterator[IO[bytes]]:
    with tempfile.TemporaryFile() as file:
        yield file


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """The processes that a test starts."""
    started: list[subprocess.Popen[bytes]] = []

    def start(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(processes.start(*arguments, **options))
        return started[-1]

    monkeypatch.setattr(fitter, "start", start)
    return started


def _stand_in(monkeypatch: pytest.MonkeyPatch, code: str) -> None:
    """Have other code run in the place of the process."""

    def start(_module: str, connection: Any, arguments: Any, **options: Any) -> Any:
        head = "import os, signal, socket, sys, time\nparent = socket.socket(fileno=0)\n"
        return subprocess.Popen(
            [sys.executable, "-c", head + textwrap.dedent(code), *arguments],
            stdin=connection.fileno(),
            **options,
        )

    monkeypatch.setattr(fitter, "start", start)


def test_clip_is_made_and_its_facts_are_returned(footage: bytes, target: IO[bytes]) -> None:
    source = io.BytesIO(footage)

    facts = media.fit(source, Recipe(start=Decimal("0.4"), end=Decimal("1.2")), target)

    assert (facts.container, facts.video_codec, facts.audio_codec) == ("mp4", "h264", "aac")
    assert (facts.duration, facts.width, facts.height) == (Decimal("0.800"), 160, 90)
    assert (facts.fps, facts.size) == (Decimal("25.000"), len(target.read()))
    assert source.tell() == 0


def test_progress_grows_to_the_length_of_the_clip(
    target: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitter, "LEAST_PAUSE", 0)
    _stand_in(
        monkeypatch,
        """
        for line in (b'{"seconds": 0}', b'{"seconds": 1.25}', b'{"error": "empty"}'):
            parent.sendall(line + b"\\n")
        """,
    )
    told: list[Decimal] = []

    with pytest.raises(NotAVideo, match="shows nothing"):
        media.fit(io.BytesIO(b"x"), Recipe(), target, on_progress=told.append)

    assert told == [0, Decimal("1.25")]


class Cancelled(Exception):
    """The editor wants no clip any more."""


@pytest.fixture(scope="module")
def long_footage() -> bytes:
    """A minute that takes long to make large."""
    return film(Footage(frames=60, rate=Fraction(1), sound="", group=5))


SLOW = Recipe(width=3840, height=2160, fps=Decimal(60))


def test_error_of_on_progress_kills_the_process_and_empties_the_target(
    long_footage: bytes, target: IO[bytes], children: list[subprocess.Popen[bytes]]
) -> None:
    def cancel(_seconds: Decimal) -> None:
        raise Cancelled

    with pytest.raises(Cancelled):
        media.fit(io.BytesIO(long_footage), SLOW, target, on_progress=cancel)

    assert children[0].returncode == -signal.SIGKILL
    assert os.fstat(target.fileno()).st_size == 0


def test_killed_process_says_nothing_about_the_file(
    long_footage: bytes, target: IO[bytes], children: list[subprocess.Popen[bytes]]
) -> None:
    with pytest.raises(TryLater, match="interrupted"):
        media.fit(
            io.BytesIO(long_footage), SLOW, target, on_progress=lambda seconds: children[0].kill()
        )

    assert os.fstat(target.fileno()).st_size == 0


BROKEN: dict[str, tuple[str, type[Exception], str]] = {
    "crash": ("os.kill(os.getpid(), 11)", NotAVideo, "crashed"),
    "too much processor time": ("os.kill(os.getpid(), signal.SIGXCPU)", NotAVideo, "seconds"),
    "silent end": ("sys.exit()", TryLater, "interrupted"),
    "no JSON": ("parent.sendall(b'nothing\\n')", NotAVideo, "nonsense"),
    "no object": ("parent.sendall(b'[1]\\n')", NotAVideo, "nonsense"),
    "unknown error": ('parent.sendall(b\'{"error": "x"}\\n\')', NotAVideo, "nonsense"),
    "long line": ("parent.sendall(b'x' * 100_000)", NotAVideo, "nonsense"),
    "no number": ('parent.sendall(b\'{"seconds": "x"}\\n\')', NotAVideo, "nonsense"),
    "no facts": ("parent.sendall(b'{\"done\": {}}\\n')", NotAVideo, "KeyError"),
    "no clip": (
        """
        import json
        facts = {"container": "avi", "video_codec": "mpeg4", "audio_codec": "", "duration": 1,
                 "width": 1, "height": 1, "rate": None, "pixel_format": "", "is_cut_off": False}
        parent.sendall(json.dumps({"done": facts}).encode() + b"\\n")
        """,
        NotAVideo,
        "nonsense",
    ),
    "too large": ('parent.sendall(b\'{"error": "too_large"}\\n\')', ClipTooLarge, "small enough"),
    "full disk": ('parent.sendall(b\'{"error": "disk_full"}\\n\')', TryLater, "disk is full"),
    "limit": (
        'parent.sendall(b\'{"error": "limit", "limit": "memory"}\\n\')',
        NotAVideo,
        "2048 MB of memory",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_answer_of_a_broken_process_becomes_an_exception(
    target: IO[bytes], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    code, kind, words = BROKEN[name]
    _stand_in(monkeypatch, code)
    target.write(b"something")
    target.flush()

    with pytest.raises(kind, match=words):
        media.fit(io.BytesIO(b"x"), Recipe(), target)

    assert os.fstat(target.fileno()).st_size == 0


def test_process_that_says_nothing_for_long_is_killed(
    target: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitter, "SILENT_SECONDS", 0.2)
    _stand_in(monkeypatch, "time.sleep(600)")

    with pytest.raises(TryLater, match="too busy"):
        media.fit(io.BytesIO(b"x"), Recipe(), target)


def test_process_that_never_ends_is_killed(
    target: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fitter, "LONGEST_SECONDS", 0.5)
    _stand_in(monkeypatch, "while True: parent.sendall(b'{\"seconds\": 1}\\n'); time.sleep(0.05)")

    with pytest.raises(TryLater, match="interrupted"):
        media.fit(io.BytesIO(b"x"), Recipe(), target)


def test_process_that_can_not_start_says_nothing_about_the_file(
    target: IO[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "interpreter", lambda: "/nowhere/python")

    with pytest.raises(TryLater, match="can't be started"):
        media.fit(io.BytesIO(b"x"), Recipe(), target)


def test_second_at_which_a_video_broke_is_told(target: IO[bytes]) -> None:
    footage = film(Footage(options=FASTSTART, sound=""))

    with pytest.raises(SourceUnreadable) as refusal:
        media.fit(io.BytesIO(footage[: len(footage) * 7 // 10]), Recipe(), target)

    assert 0 < refusal.value.second < 2
    assert str(refusal.value.second) in str(refusal.value)


def test_other_file_is_no_video(target: IO[bytes]) -> None:
    with pytest.raises(NotAVideo, match="Invalid data"):
        media.fit(io.BytesIO(b"no video"), Recipe(), target)


def test_bomb_is_refused(target: IO[bytes]) -> None:
    with pytest.raises(NotAVideo, match="100 streams") as refusal:
        media.fit(io.BytesIO(bombs.mp4(MAX_STREAMS + 1, 1)), Recipe(), target)

    assert refusal.value.is_over_limit


def test_playlist_can_not_open_other_files(target: IO[bytes], tmp_path: Path) -> None:
    secret = tmp_path / "secret.ts"
    secret.write_bytes(film(Footage(container="mpegts")))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\n{secret}\n#EXT-X-ENDLIST\n"

    with pytest.raises(NotAVideo):
        media.fit(io.BytesIO(playlist.encode()), Recipe(), target)


def test_full_disk_is_no_fault_of_the_video(
    footage: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A limit of the size of files ends writing like a full disk."""
    # Otherwise, modules that are compiled for the first time would be cut off too.
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    kept = (*processes.KEPT_ENVIRONMENT, "PYTHONDONTWRITEBYTECODE")
    monkeypatch.setattr(processes, "KEPT_ENVIRONMENT", kept)
    start = processes.start

    def start_with_limit(*arguments: Any, **options: Any) -> subprocess.Popen[bytes]:
        child = start(*arguments, **options)
        resource.prlimit(child.pid, resource.RLIMIT_FSIZE, (4096, 4096))
        return child

    monkeypatch.setattr(fitter, "start", start_with_limit)
    with tempfile.TemporaryFile() as target, pytest.raises(TryLater, match="disk is full"):
        media.fit(io.BytesIO(footage), Recipe(fps=Decimal(30)), target)


def test_one_clip_at_a_time_is_made(
    footage: bytes, children: list[subprocess.Popen[bytes]]
) -> None:
    most = 0

    def count(_seconds: Decimal) -> None:
        nonlocal most
        most = max(most, sum(child.poll() is None for child in children))

    def make(_number: int) -> None:
        with tempfile.TemporaryFile() as target:
            media.fit(io.BytesIO(footage), Recipe(fps=Decimal(30)), target, on_progress=count)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(make, range(3)))

    assert len(children) == 3
    assert most == 1


PARENT = """
import io, sys, tempfile, django
django.setup()
from decimal import Decimal
from sora_remix import media
from sora_remix.decoding.limits import MAX_STREAMS
from sora_remix.media import fitter, processes
from sora_remix.recipe import Recipe

def start(*arguments, **options):
    child = processes.start(*arguments, **options)
    print(child.pid, flush=True)
    return child

fitter.start = start
with open(sys.argv[1], "rb") as source, tempfile.TemporaryFile(dir=sys.argv[2]) as target:
    media.fit(source, Recipe(width=3840, height=2160, fps=Decimal(60)), target)
"""


def test_process_and_files_end_with_a_killed_parent(long_footage: bytes, tmp_path: Path) -> None:
    source, folder = tmp_path / "source", tmp_path / "temporary"
    source.write_bytes(long_footage)
    folder.mkdir()
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(source), str(folder)],
        cwd=ROOT,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "TMPDIR": str(folder)},
        stdout=subprocess.PIPE,
    ) as parent:
        assert parent.stdout
        child = int(parent.stdout.readline())
        assert _is_running(child)
        parent.kill()

    wait_until(lambda: not _is_running(child))
    assert list(folder.iterdir()) == []


def _is_running(pid: int) -> bool:
    stat = said_of(pid, "stat")
    return bool(stat) and stat.rpartition(")")[2].split()[0] != "Z"


def test_process_is_polite_and_knows_no_secrets(
    long_footage: bytes,
    target: IO[bytes],
    children: list[subprocess.Popen[bytes]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FAL_KEY", "secret")
    seen: list[object] = []

    def look(_seconds: Decimal) -> None:
        process = Path(f"/proc/{children[0].pid}")
        seen.extend(
            [
                int((process / "stat").read_text().rpartition(")")[2].split()[16]),
                b"FAL_KEY" in (process / "environ").read_bytes(),
                resource.prlimit(children[0].pid, resource.RLIMIT_AS)[0] < 4 * 1024**3,
                resource.prlimit(children[0].pid, resource.RLIMIT_CPU)[0] < 3600,
            ]
        )
        raise Cancelled

    with pytest.raises(Cancelled):
        media.fit(io.BytesIO(long_footage), SLOW, target, on_progress=look)

    assert seen == [10, False, True, True]
