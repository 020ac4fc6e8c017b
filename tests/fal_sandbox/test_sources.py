"""The sandbox fetches a source by its URL, checks it, and bills the result."""

import base64
import http.server
import io
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import httpx
import pytest

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from example_project.fal_sandbox.stills import draw_thumbnail, write_stills
from tests.fal_sandbox.callers import PATIENCE

FLUX = "blackforestlabs/flux-3/edit-video"
KLING = "fal-ai/kling-video/o3/standard/video-to-video/edit"
GEMINI = "google/gemini-omni-flash/v1.1/edit"
WAN = "fal-ai/wan/v2.7/edit-video"
HORSE = "alibaba/happy-horse/video-edit"
GROK = "xai/grok-imagine-video/edit-video"
LUMA = "luma/agent/ray/v3.2/video-to-video"
LUCY = "decart/lucy-restyle"
JSON = dict[str, Any]
Serve = Callable[[Path], str]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shelf")


class Shelf(http.server.SimpleHTTPRequestHandler):
    """Serves the folder; `/moved/…` redirects, `/slow` takes its time."""

    def do_GET(self) -> None:
        if self.path.startswith("/moved"):
            self.send_response(302)
            self.send_header("Location", self.path.removeprefix("/moved"))
            self.end_headers()
        elif self.path == "/slow":
            time.sleep(1)
        else:
            super().do_GET()

    def log_message(self, *_: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def shelf(folder: Path) -> Iterator[str]:
    def handler(*args: Any) -> Shelf:
        return Shelf(*args, directory=str(folder))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=[0.05])
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def clip(folder: Path, shelf: str) -> Callable[..., str]:
    """Draw a clip unless it was drawn before, and return its URL."""

    def draw(seconds: float = 1.0, width: int = 160, height: int = 90, fps: int = 10) -> str:
        name = f"{seconds}-{width}-{height}-{fps}.mp4"
        if not (folder / name).exists():
            draw_clip(folder / name, "sea", seconds, width, height, fps)
        return f"{shelf}/{name}"

    return draw


@pytest.fixture(scope="module")
def picture(folder: Path, shelf: str) -> str:
    draw_clip(folder / "wide.mp4", "sea", seconds=0.2, width=640, height=360, fps=10)
    write_stills(folder / "wide.mp4", folder / "picture.webp", folder / "picture.jpg")
    return f"{shelf}/picture.webp"


def finish(fal: httpx.Client, endpoint_id: str, url: str, **options: Any) -> httpx.Response:
    body = {"prompt": "noir", "video_url": url, **options}
    receipt = fal.post(f"/{endpoint_id}", json=body).raise_for_status().json()
    deadline = time.monotonic() + PATIENCE
    while fal.get(receipt["status_url"]).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return fal.get(receipt["response_url"])


def remixed(fal: httpx.Client, endpoint_id: str, url: str, **options: Any) -> JSON:
    output: JSON = finish(fal, endpoint_id, url, **options).raise_for_status().json()
    return output


def refusal(fal: httpx.Client, endpoint_id: str, url: str, **options: Any) -> JSON:
    answer = finish(fal, endpoint_id, url, **options)
    assert answer.status_code == 422
    assert "x-fal-billable-units" not in answer.headers
    [complaint] = answer.json()["detail"]
    found: JSON = complaint
    return found


def seconds_of(fal: httpx.Client, output: JSON) -> float:
    with av.open(io.BytesIO(fal.get(output["video"]["url"]).content), "r") as container:
        return (container.duration or 0) / av.time_base


def test_a_source_is_fetched_and_remixed(
    sandbox: SandboxProcess, fal: httpx.Client, clip: Callable[..., str]
) -> None:
    output = remixed(fal, FLUX, clip())

    assert seconds_of(fal, output) == pytest.approx(1, abs=0.05)
    assert output.keys() == {"video", "seed"}
    assert sandbox.fetched() == [clip()]
    assert sandbox.calls()["fetch"] == 1


def test_wrong_input_is_refused_before_anything_is_fetched(
    sandbox: SandboxProcess, fal: httpx.Client, clip: Callable[..., str]
) -> None:
    fal.post(f"/{WAN}", json={"prompt": 7, "video_url": clip()})

    assert sandbox.calls()["fetch"] == 0
    assert sandbox.fetched() == []


def test_result_can_be_the_next_source_and_its_fetching_is_not_counted_as_a_download(
    sandbox: SandboxProcess, fal: httpx.Client, clip: Callable[..., str]
) -> None:
    first = remixed(fal, FLUX, clip())["video"]["url"]
    sandbox.misbehave("download", "answer", status=404)

    assert remixed(fal, FLUX, first, prompt="gold")["video"]["url"] != first
    assert sandbox.fetched() == [clip(), first]
    assert sandbox.calls()["download"] == 0


def test_source_can_be_a_data_uri(
    sandbox: SandboxProcess, fal: httpx.Client, folder: Path, clip: Callable[..., str]
) -> None:
    content = (folder / clip().rpartition("/")[2]).read_bytes()
    url = f"data:video/mp4;base64,{base64.b64encode(content).decode()}"

    assert seconds_of(fal, remixed(fal, FLUX, url)) == pytest.approx(1, abs=0.05)
    assert sandbox.fetched() == [f"{url[:60]}…"]


@pytest.mark.parametrize(
    "url",
    [
        "{shelf}/missing.mp4",
        "{shelf}/moved/wide.mp4",
        "http://127.0.0.1:1/nobody",
        "https://example.test/clip.mp4",
        "ftp://127.0.0.1/clip.mp4",
        "file:///etc/passwd",
        "no url",
        "data:video/mp4;base64,???",
        "data:video/mp4",
    ],
)
def test_unfetchable_source_fails_the_run_and_costs_nothing(
    fal: httpx.Client, shelf: str, picture: str, url: str
) -> None:
    found = refusal(fal, FLUX, url.format(shelf=shelf))

    assert (found["type"], found["loc"]) == ("file_download_error", ["body", "video_url"])


def test_slow_source_fails_the_run(sandbox: SandboxProcess, fal: httpx.Client, shelf: str) -> None:
    sandbox.timing(fetch_seconds=0.1)

    assert refusal(fal, FLUX, f"{shelf}/slow")["type"] == "file_download_error"


@pytest.mark.parametrize(
    ("endpoint_id", "drawn", "kind", "context"),
    [
        (WAN, {"seconds": 1}, "video_duration_too_short", {"min_duration": 2}),
        (WAN, {"seconds": 11, "fps": 4}, "video_duration_too_long", {"max_duration": 10}),
        (FLUX, {"seconds": 0.5}, "video_duration_too_short", {"min_duration": 0.7}),
        (LUMA, {"seconds": 31, "fps": 2}, "video_duration_too_long", {"max_duration": 30}),
        (KLING, {"seconds": 3}, "image_too_small", {"min_height": 720, "min_width": 720}),
        (
            HORSE,
            {"seconds": 3, "width": 2200, "height": 320, "fps": 2},
            "image_too_large",
            {"max_height": 2160, "max_width": 2160},
        ),
        (HORSE, {"seconds": 3, "width": 1000, "height": 320}, "value_error", None),
        (HORSE, {"seconds": 3, "width": 320, "height": 320, "fps": 6}, "value_error", None),
    ],
)
def test_a_clip_outside_the_limits_is_refused(
    fal: httpx.Client,
    clip: Callable[..., str],
    endpoint_id: str,
    drawn: JSON,
    kind: str,
    context: JSON | None,
) -> None:
    found = refusal(fal, endpoint_id, clip(**drawn))

    assert (found["type"], found.get("ctx")) == (kind, context)
    assert found["loc"] == ["body", "video_url"]


def test_too_large_file_is_refused(fal: httpx.Client, folder: Path, shelf: str) -> None:
    with (folder / "large.mp4").open("wb") as file:
        file.truncate(50 * 1024 * 1024 + 1)

    found = refusal(fal, FLUX, f"{shelf}/large.mp4")

    assert (found["type"], found["ctx"]) == ("file_too_large", {"max_size": 50 * 1024 * 1024})


@pytest.mark.parametrize("name", ["picture.webp", "text.mp4", "clip.webm"])
def test_a_file_of_another_format_is_refused(
    fal: httpx.Client, folder: Path, shelf: str, picture: str, name: str
) -> None:
    (folder / "text.mp4").write_text("no video")
    draw_webm(folder / "clip.webm")

    found = refusal(fal, FLUX, f"{shelf}/{name}")

    assert found["type"] == "unsupported_video_format"
    assert found["ctx"] == {"supported_formats": ["mp4"]}


def draw_webm(path: Path) -> None:
    with av.open(str(path), "w", format="webm") as container:
        stream = container.add_stream("libvpx", rate=10)
        stream.width, stream.height, stream.pix_fmt = 96, 54, "yuv420p"
        for index in range(10):
            frame = av.VideoFrame(96, 54, "yuv420p")
            frame.pts = index
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))


def test_endpoint_that_accepts_webm_remixes_it(fal: httpx.Client, folder: Path, shelf: str) -> None:
    draw_webm(folder / "clip.webm")

    output = remixed(fal, LUCY, f"{shelf}/clip.webm")

    assert seconds_of(fal, output) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize(
    ("endpoint_id", "source", "options", "seconds", "units"),
    [
        (FLUX, 2, {}, 2, 2),
        (GEMINI, 2, {"resolution": "1080p"}, 2, 2),
        (WAN, 3, {}, 3, 3),
        (WAN, 3, {"duration": 2}, 2, 2),
        (WAN, 3, {"duration": 5}, 3, 3),
        (GROK, 10, {}, 8, 9.6),
        (GROK, 2, {"resolution": "720p"}, 2, 3.2),
        (LUMA, 6, {}, 5, 24),
        (LUMA, 6, {"duration": "10s", "resolution": "720p"}, 6, 72),
        (LUCY, 2, {}, 2, 2),
    ],
)
def test_length_and_billing_depend_on_the_endpoint(
    fal: httpx.Client,
    clip: Callable[..., str],
    endpoint_id: str,
    source: float,
    options: JSON,
    seconds: float,
    units: float,
) -> None:
    answer = finish(fal, endpoint_id, clip(source), **options)

    assert seconds_of(fal, answer.json()) == pytest.approx(seconds, abs=0.05)
    assert float(answer.headers["x-fal-billable-units"]) == pytest.approx(units, abs=0.05)


@pytest.mark.parametrize(
    ("options", "units"), [({}, 60), ({"resolution": "720p"}, 30)], ids=["1080p", "720p"]
)
def test_happy_horse_cuts_and_bills_both_ends(
    fal: httpx.Client, clip: Callable[..., str], options: JSON, units: float
) -> None:
    url = clip(16, width=320, height=320, fps=8)

    answer = finish(fal, HORSE, url, **options)

    assert answer.json()["video"]["duration"] == pytest.approx(15, abs=0.05)
    assert float(answer.headers["x-fal-billable-units"]) == pytest.approx(units, abs=0.1)


def test_kling_accepts_a_large_clip_and_returns_no_size(
    fal: httpx.Client, clip: Callable[..., str]
) -> None:
    output = remixed(fal, KLING, clip(3, width=720, height=720, fps=3))

    assert output.keys() == {"video"}
    assert output["video"].keys() == {"url", "content_type", "file_name", "file_size"}


def test_wan_returns_size_seed_and_prompt(fal: httpx.Client, clip: Callable[..., str]) -> None:
    output = remixed(fal, WAN, clip(2), seed=7)

    assert (output["seed"], output["actual_prompt"]) == (7, "noir")
    assert (output["video"]["width"], output["video"]["num_frames"]) == (160, 20)


def test_video_is_in_the_answer_in_sync_mode(fal: httpx.Client, clip: Callable[..., str]) -> None:
    url = remixed(fal, LUCY, clip(), sync_mode=True)["video"]["url"]

    kind, _, content = url.partition(",")
    assert kind == "data:video/mp4;base64"
    assert base64.b64decode(content)[4:8] == b"ftyp"


def draw_with_sound(path: Path) -> None:
    with av.open(str(path), "w") as container:
        picture = container.add_stream("libx264", rate=4)
        picture.width, picture.height, picture.pix_fmt = 720, 720, "yuv420p"
        sound = container.add_stream("aac", rate=48000, layout="mono")
        for index in range(12):
            frame = av.VideoFrame(720, 720, "yuv420p")
            frame.pts = index
            container.mux(picture.encode(frame))
        for index in range(141):
            hum = av.AudioFrame("fltp", "mono", 1024)
            hum.planes[0].update(bytes(4096))
            hum.sample_rate, hum.pts = 48000, index * 1024
            container.mux(sound.encode(hum))
        for stream in (picture, sound):
            container.mux(stream.encode(None))


def sound_seconds(fal: httpx.Client, output: JSON) -> float:
    with av.open(io.BytesIO(fal.get(output["video"]["url"]).content), "r") as container:
        packets = [p for p in container.demux() if p.stream.type == "audio" and p.size]
        return len(packets) * 1024 / 48000


def test_audio_is_kept_cut_or_dropped(fal: httpx.Client, folder: Path, shelf: str) -> None:
    draw_with_sound(folder / "loud.mp4")
    url = f"{shelf}/loud.mp4"

    assert sound_seconds(fal, remixed(fal, KLING, url)) == pytest.approx(3, abs=0.1)
    assert sound_seconds(fal, remixed(fal, WAN, url, duration=2)) == pytest.approx(2, abs=0.1)
    assert sound_seconds(fal, remixed(fal, KLING, url, keep_audio=False)) == 0


def test_reference_images_are_fetched_too(
    sandbox: SandboxProcess, fal: httpx.Client, clip: Callable[..., str], picture: str
) -> None:
    element = {"frontal_image_url": picture, "reference_image_urls": [picture]}
    url = clip(3, width=720, height=720, fps=3)

    remixed(fal, KLING, url, image_urls=[picture], elements=[element])

    assert sandbox.fetched() == [url, picture, picture, picture]
    assert (sandbox.calls()["fetch"], sandbox.calls()["fetch_picture"]) == (1, 3)


@pytest.mark.parametrize(
    ("endpoint_id", "drawn", "field", "as_list"),
    [
        (WAN, {"seconds": 2}, "reference_image_url", False),
        (LUMA, {}, "start_image_url", False),
        (HORSE, {"seconds": 3, "width": 320, "height": 320}, "reference_image_urls", True),
    ],
)
def test_reference_that_is_not_an_image_is_refused(
    fal: httpx.Client,
    clip: Callable[..., str],
    picture: str,
    endpoint_id: str,
    drawn: JSON,
    field: str,
    *,
    as_list: bool,
) -> None:
    url, other = clip(**drawn), clip()
    value, place = ([picture, other], [field, 1]) if as_list else (other, [field])

    found = refusal(fal, endpoint_id, url, **{field: value})

    assert (found["type"], found["loc"]) == ("image_load_error", ["body", *place])


def test_missing_reference_is_refused(
    fal: httpx.Client, clip: Callable[..., str], shelf: str
) -> None:
    found = refusal(fal, WAN, clip(2), reference_image_url=f"{shelf}/none.png")

    assert (found["type"], found["loc"]) == ("file_download_error", ["body", "reference_image_url"])


def test_small_reference_is_refused(
    sandbox: SandboxProcess, fal: httpx.Client, clip: Callable[..., str], folder: Path, shelf: str
) -> None:
    draw_clip(folder / "tiny.mp4", "sea", seconds=0.2, width=96, height=54, fps=10)
    write_stills(folder / "tiny.mp4", folder / "tiny.webp", folder / "tiny.jpg")
    url = clip(3, width=320, height=320, fps=10)

    found = refusal(fal, HORSE, url, reference_image_urls=[f"{shelf}/tiny.webp"])

    assert (found["type"], found["ctx"]) == (
        "image_too_small",
        {"min_height": 300, "min_width": 300},
    )


@pytest.mark.parametrize(("width", "height"), [(780, 300), (300, 780)])
def test_long_reference_is_refused(
    fal: httpx.Client,
    clip: Callable[..., str],
    folder: Path,
    shelf: str,
    width: int,
    height: int,
) -> None:
    name = f"long-{width}"
    draw_clip(folder / f"{name}.mp4", "sea", seconds=0.2, width=width, height=height, fps=10)
    (folder / f"{name}.webp").write_bytes(draw_thumbnail(folder / f"{name}.mp4"))

    found = refusal(
        fal, HORSE, clip(3, width=320, height=320), reference_image_urls=[f"{shelf}/{name}.webp"]
    )

    assert (found["type"], found["msg"]) == ("value_error", "Aspect ratio exceeds 2.5:1.")
    assert found["loc"] == ["body", "reference_image_urls", 0]


def test_equal_source_is_fetched_again_and_gives_an_equal_result(
    sandbox: SandboxProcess, fal: httpx.Client, clip: Callable[..., str]
) -> None:
    one, two = (remixed(fal, FLUX, clip(), prompt="sepia")["video"] for _ in range(2))

    assert one["url"] != two["url"]
    assert fal.get(one["url"]).content == fal.get(two["url"]).content
    assert sandbox.calls()["fetch"] == 2
