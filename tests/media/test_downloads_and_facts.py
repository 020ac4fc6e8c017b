"""Downloads over the wire, and what is believed of a file."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import IO, Any

import av
import httpx
import pytest
from django.core.files.storage import InMemoryStorage, storages

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal, media
from sora_remix.endpoints import SORA_2
from sora_remix.exceptions import FileGone, FileRefused, NotAnImage, NotAVideo, TryLater
from sora_remix.flight import wait_for
from sora_remix.media import downloads
from tests.ordering import png


@pytest.fixture
def result(sandbox: SandboxProcess) -> fal.Result:
    """A finished remix at the sandbox."""
    return make_result()


def make_result() -> fal.Result:
    async def finished() -> fal.Result:
        body = {"video_id": "video_clip", "prompt": "make it noir"}
        answer = await fal.submit(SORA_2.endpoint_id, body)
        assert isinstance(answer, fal.Accepted)
        async with asyncio.timeout(20):
            while not (await fal.progress(SORA_2.endpoint_id, answer.request_id)).is_finished:
                await asyncio.sleep(0.05)
        return await fal.result(SORA_2.endpoint_id, answer.request_id, SORA_2.outputs)

    return wait_for(finished())


def download(url: str) -> bytes:
    with wait_for(media.download(url)) as file:
        return file.read()


def test_a_download_is_the_whole_file_from_its_start(result: fal.Result) -> None:
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
def test_a_broken_download_is_resumed_until_it_is_whole(
    result: fal.Result, sandbox: SandboxProcess, fault: str, parameters: dict[str, Any]
) -> None:
    whole = download(result.video_url)
    sandbox.misbehave("download", fault, **parameters)

    assert download(result.video_url) == whole


def test_a_cut_download_without_ranges_starts_again(
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
def test_what_can_not_be_downloaded_says_why(
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


def test_redirects_that_never_end_are_refused(result: fal.Result, sandbox: SandboxProcess) -> None:
    sandbox.misbehave("download", "redirect", to=result.video_url)

    with pytest.raises(FileRefused):
        download(result.video_url)


def test_a_relative_redirect_is_followed(result: fal.Result, sandbox: SandboxProcess) -> None:
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
def test_a_file_over_the_limit_is_refused_while_it_streams(
    result: fal.Result,
    sandbox: SandboxProcess,
    settings: Any,
    misbehave: Callable[[SandboxProcess], None],
) -> None:
    settings.SORA_REMIX_MAX_RESULT_BYTES = 1000
    misbehave(sandbox)

    with pytest.raises(FileRefused, match="SORA_REMIX_MAX_RESULT_BYTES"):
        download(result.video_url)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.mp4",
        "ftp://127.0.0.1/x.mp4",
        "file:///etc/hostname",
        "https://example.com/x.mp4",
        "https://127.0.0.1.example.com/x.mp4",
        "https:///x.mp4",
        "no url",
        "https://[::broken/x",
    ],
)
def test_a_url_that_is_not_allowed_is_never_contacted(url: str) -> None:
    with pytest.raises(FileRefused):
        download(url)


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.1.2.3", "192.168.1.1", "169.254.169.254", "::1", "fd00::1"]
)
def test_a_private_address_behind_a_wildcard_is_never_contacted(
    monkeypatch: pytest.MonkeyPatch, settings: Any, address: str
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.media"]
    resolve_to(monkeypatch, ["93.184.215.14", address])

    with pytest.raises(FileRefused, match="public"):
        download("https://v3.fal.media/x.mp4")


def test_a_name_of_this_machine_behind_a_wildcard_is_never_contacted(settings: Any) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["local*"]

    with pytest.raises(FileRefused, match="public"):
        download("https://localhost/x.mp4")


def test_the_address_that_was_checked_is_the_one_that_is_contacted(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.fal.media"]
    resolve_to(monkeypatch, ["93.184.215.14"])

    request = wait_for(downloads._request(httpx.URL("https://v3.fal.media/x.mp4"), 0))

    assert request.url.host == "93.184.215.14"
    assert request.headers["host"] == "v3.fal.media"
    assert request.extensions["sni_hostname"] == "v3.fal.media"


def test_a_name_that_can_not_be_resolved_may_be_there_later(
    monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.SORA_REMIX_RESULT_HOSTS = ["*.invalid"]
    monkeypatch.setattr(downloads, "ATTEMPTS", 1)

    with pytest.raises(TryLater):
        download("https://files.invalid/x.mp4")


def resolve_to(monkeypatch: pytest.MonkeyPatch, addresses: list[str]) -> None:
    async def resolve(host: str, port: int) -> list[str]:
        return addresses

    monkeypatch.setattr(downloads, "_resolve", resolve)


def test_facts_are_read_from_the_file_itself(clip: Path) -> None:
    with clip.open("rb") as file:
        facts = media.video_facts(file)

        assert file.tell() == 0
    size = clip.stat().st_size
    assert facts == media.VideoFacts(Decimal("1.000"), 160, 90, size, fps=Decimal(12))


def recording(kind: str, rate: Fraction | int, pictures: int = 1, **options: str) -> io.BytesIO:
    """Return a silent video of so many pictures."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind, options=options) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.width, stream.height, stream.pix_fmt = 160, 90, "yuv420p"
        for number in range(pictures):
            picture = av.VideoFrame(160, 90, "yuv420p")
            picture.pts = number
            container.mux(stream.encode(picture))
        container.mux(stream.encode())
    return buffer


def test_a_recording_without_a_length_is_a_video_all_the_same() -> None:
    facts = media.video_facts(recording("matroska", 12, live="1"))

    assert (facts.duration, facts.width) == (None, 160)


@pytest.mark.parametrize(("rate", "fps"), [(Fraction(30000, 1001), "29.970"), (25, "25")])
def test_a_video_tells_how_many_pictures_a_second_it_has(rate: Fraction | int, fps: str) -> None:
    facts = media.video_facts(recording("mp4", rate, pictures=30))

    assert facts.fps == Decimal(fps)


@pytest.mark.parametrize(("pictures", "rate"), [(1, 90000), (2, 90000)])
def test_a_speed_that_no_video_has_is_unknown(pictures: int, rate: int) -> None:
    facts = media.video_facts(recording("mp4", rate, pictures=pictures))

    assert facts.fps is None


PLAYLIST = b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n"


@pytest.mark.parametrize(
    "content", [b"", b"<html></html>", b"\0" * 5000, b"....ftypisom" * 50, PLAYLIST]
)
def test_what_has_no_picture_to_decode_is_not_a_video(content: bytes) -> None:
    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(content))


def test_half_a_video_is_not_a_video(clip: Path) -> None:
    content = clip.read_bytes()

    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(content[: len(content) // 8]))


def test_a_picture_is_not_a_video(result: fal.Result) -> None:
    picture = download(result.spritesheet_url)

    with pytest.raises(NotAVideo):
        media.video_facts(io.BytesIO(picture))


def test_a_picture_is_named_by_its_content(result: fal.Result) -> None:
    thumbnail, spritesheet = download(result.thumbnail_url), download(result.spritesheet_url)

    assert media.image_extension(io.BytesIO(thumbnail)) == ".webp"
    assert media.image_extension(io.BytesIO(spritesheet)) == ".jpg"
    assert media.image_extension(io.BytesIO(b"<svg onload=x>")) == ""


class _CountingFile(io.BytesIO):
    largest = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.largest = max(self.largest, len(data))
        return data


def test_a_file_is_stored_in_pieces_and_removed_again(media_root: Path, tmp_path: Path) -> None:
    file: IO[bytes] = _CountingFile(b"x" * 1_000_000)

    name = media.store("sora_remix/videos/a.mp4", file)

    assert (media_root / name).stat().st_size == 1_000_000
    assert file.largest <= 64 * 1024  # type: ignore[attr-defined]
    media.remove(name)
    media.remove(name)
    assert not (media_root / name).exists()


def test_files_go_to_the_storage_of_the_setting(settings: Any) -> None:
    settings.STORAGES = settings.STORAGES | {
        "memory": {"BACKEND": "django.core.files.storage.InMemoryStorage"}
    }
    settings.SORA_REMIX_STORAGE = "memory"

    media.store("a.mp4", io.BytesIO(b"x"))

    memory = storages["memory"]
    assert isinstance(memory, InMemoryStorage)
    assert memory.exists("a.mp4")


def draw(codec: str, layout: str, pixels: str) -> bytes:
    """Draw a picture of 320 × 200 of another kind."""
    file = io.BytesIO()
    with av.open(file, "w", format=layout) as container:
        stream: Any = container.add_stream(codec, rate=1, width=320, height=200, pix_fmt=pixels)
        frame = av.VideoFrame(320, 200, "rgb24").reformat(format=pixels)
        container.mux([*stream.encode(frame), *stream.encode()])
    return file.getvalue()


@pytest.mark.parametrize(
    ("content", "extension"),
    [
        (png(320, 200), ".png"),
        (draw("mjpeg", "image2pipe", "yuvj420p"), ".jpg"),
        (draw("libwebp", "webp", "yuv420p"), ".webp"),
    ],
)
def test_a_picture_tells_its_kind_and_size_by_its_content(content: bytes, extension: str) -> None:
    facts = media.image_facts(io.BytesIO(content))

    assert facts == media.ImageFacts(extension, 320, 200, len(content))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<svg></svg>",
        b"\xff\xd8\xff no JPEG",
        png()[:100],
        png(10_000, 10_000),
        png() + b"\0" * media.MAX_IMAGE_BYTES,
        draw("gif", "gif", "rgb8"),
    ],
    ids=["empty", "svg", "jpeg", "cut", "too many pixels", "too many bytes", "gif"],
)
def test_what_can_not_be_decoded_cheaply_is_not_an_image(content: bytes) -> None:
    file = io.BytesIO(content)

    with pytest.raises(NotAnImage):
        media.image_facts(file)

    assert file.tell() == 0
