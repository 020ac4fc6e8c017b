"""The sandbox accepts uploads of fal-client."""

import json
import os
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from tests.fal_sandbox.callers import PATIENCE

DROPPED = (httpx.ReadError, httpx.RemoteProtocolError)
KEY = {"Authorization": "Key anything"}
JSON = dict[str, Any]


@pytest.fixture
def fal(sandbox: SandboxProcess) -> Iterator[httpx.Client]:
    with client_of(sandbox) as client:
        yield client


def client_of(process: SandboxProcess) -> httpx.Client:
    context = ssl.create_default_context(cafile=process.certificate)
    return httpx.Client(base_url=process.url, verify=context, timeout=PATIENCE)


@pytest.fixture
def bearer(fal: httpx.Client) -> dict[str, str]:
    return {"Authorization": f"Bearer {ask_for_token(fal)['token']}"}


def ask_for_token(fal: httpx.Client) -> JSON:
    answer = fal.post("/storage/auth/token", params={"storage_type": "fal-cdn-v3"}, headers=KEY)
    token: JSON = answer.raise_for_status().json()
    return token


def upload(
    fal: httpx.Client,
    bearer: dict[str, str],
    content: bytes = b"0123456789",
    name: str = "clip.mp4",
    headers: dict[str, str] | None = None,
) -> str:
    given = {"X-Fal-File-Name": name, "Content-Type": "video/mp4"} | bearer | (headers or {})
    answer = fal.post("/files/upload", content=content, headers=given)
    url: str = answer.raise_for_status().json()["access_url"]
    return url


def lifetime(seconds: float | None, header: str = "X-Fal-Object-Lifecycle") -> dict[str, str]:
    return {header: json.dumps({"expiration_duration_seconds": seconds})}


def test_token_looks_like_a_token_of_fal(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    token = ask_for_token(fal)

    assert (token["token_type"], token["base_url"]) == ("Bearer", sandbox.url)
    assert datetime.fromisoformat(token["expires_at"]) > datetime.now(UTC) + timedelta(minutes=30)
    assert sandbox.calls()["token"] == 1


@pytest.mark.parametrize(
    ("headers", "storage", "status"),
    [
        ({}, "fal-cdn-v3", 401),
        ({"Authorization": "Key bad-key"}, "fal-cdn-v3", 401),
        (KEY, "elsewhere", 400),
    ],
)
def test_token_needs_a_key_and_a_storage(
    fal: httpx.Client, headers: dict[str, str], storage: str, status: int
) -> None:
    answer = fal.post("/storage/auth/token", params={"storage_type": storage}, headers=headers)

    assert answer.status_code == status


def test_an_upload_is_served_and_listed(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str]
) -> None:
    url = upload(fal, bearer, name="../my clip 50%20.mp4")

    served = fal.get(url)
    [entry] = sandbox.uploads()
    assert url.startswith(f"{sandbox.url}/files/b/")
    assert (served.content, served.headers["content-type"]) == (b"0123456789", "video/mp4")
    assert (entry["name"], entry["url"], entry["size"]) == ("my clip 50%20.mp4", url, 10)
    assert datetime.fromisoformat(entry["uploaded_at"]).tzinfo
    assert sandbox.calls()["upload"] == 1


def test_part_of_an_upload_can_be_requested(fal: httpx.Client, bearer: dict[str, str]) -> None:
    part = fal.get(upload(fal, bearer), headers={"Range": "bytes=4-"})

    assert (part.status_code, part.content) == (206, b"456789")


def test_upload_can_be_a_source(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str], tmp_path: Path
) -> None:
    draw_clip(tmp_path / "clip.mp4", "sea", seconds=1, width=96, height=54)
    url = upload(fal, bearer, (tmp_path / "clip.mp4").read_bytes())

    assert outcome(fal, url).status_code == 200
    sandbox.expire_uploads()
    refused = outcome(fal, url)
    assert refused.json()["detail"][0]["type"] == "file_download_error"


def outcome(fal: httpx.Client, url: str) -> httpx.Response:
    body = {"prompt": "noir", "video_url": url}
    receipt = fal.post("/blackforestlabs/flux-3/edit-video", json=body, headers=KEY).json()
    deadline = time.monotonic() + PATIENCE
    while fal.get(receipt["status_url"], headers=KEY).status_code == 202:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return fal.get(receipt["response_url"], headers=KEY)


@pytest.mark.parametrize("token", ["Bearer wrong", "Bearer 9999999999.0.abc", "Key anything", ""])
def test_upload_needs_the_token(sandbox: SandboxProcess, fal: httpx.Client, token: str) -> None:
    answer = fal.post("/files/upload", content=b"x", headers={"Authorization": token})

    assert answer.status_code == 401
    assert sandbox.uploads() == []


def test_token_expires(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    sandbox.timing(token_seconds=-1)

    token = ask_for_token(fal)
    bearer = {"Authorization": f"Bearer {token['token']}"}

    assert datetime.fromisoformat(token["expires_at"]) < datetime.now(UTC)
    assert fal.post("/files/upload", content=b"x", headers=bearer).status_code == 401


def test_upload_expires_after_the_given_time(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str]
) -> None:
    brief = upload(fal, bearer, headers=lifetime(5))
    at_first = fal.get(brief).status_code
    others = [upload(fal, bearer, headers=lifetime(seconds)) for seconds in (3600, None)]

    deadline = time.monotonic() + PATIENCE
    while fal.get(brief).status_code != 404:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert at_first == 200
    assert [fal.get(url).status_code for url in others] == [200, 200]
    assert [entry["expires_in"] for entry in sandbox.uploads()] == [5, 3600, None]


def test_unreadable_lifetime_is_refused(fal: httpx.Client, bearer: dict[str, str]) -> None:
    with pytest.raises(httpx.HTTPStatusError, match="400"):
        upload(fal, bearer, headers={"X-Fal-Object-Lifecycle": "for a while"})


def test_uploads_can_be_expired_and_the_list_cleared(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str]
) -> None:
    kept = upload(fal, bearer)

    sandbox.reset()
    assert (sandbox.uploads(), fal.get(kept).status_code) == ([], 200)
    sandbox.expire_uploads()
    assert fal.get(kept).status_code == 404


def test_file_can_be_uploaded_in_parts(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str]
) -> None:
    headers = bearer | {"X-Fal-File-Name": "long.mp4", "Content-Type": "video/mp4"}
    begun = fal.post("/files/upload/multipart", headers=headers | lifetime(60)).json()
    place = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    parts = [
        {"partNumber": number, "etag": put(fal, bearer, f"{place}/{number}", content)}
        for number, content in ((2, b"world"), (1, b"hello "))
    ]

    before = fal.get(begun["access_url"]).status_code
    answer = fal.post(f"{place}/complete", json={"parts": parts}, headers=bearer)

    assert (before, answer.status_code) == (404, 200)
    assert fal.get(begun["access_url"]).content == b"hello world"
    [entry] = sandbox.uploads()
    assert (entry["name"], entry["size"], entry["expires_in"]) == ("long.mp4", 11, 60)


def put(fal: httpx.Client, bearer: dict[str, str], url: str, content: bytes) -> str:
    etag: str = fal.put(url, content=content, headers=bearer).raise_for_status().headers["etag"]
    return etag


@pytest.mark.parametrize(
    "body",
    [
        {"parts": [{"partNumber": 1, "etag": '"other"'}]},
        {"parts": [{"partNumber": 2, "etag": '"x"'}]},
        {"parts": [{"partNumber": 1}]},
        {},
    ],
)
def test_inconsistent_parts_are_refused(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str], body: JSON
) -> None:
    begun = fal.post("/files/upload/multipart", headers=bearer).json()
    place = f"{begun['access_url']}/multipart/{begun['uploadId']}"
    put(fal, bearer, f"{place}/1", b"hello")

    answer = fal.post(f"{place}/complete", json=body, headers=bearer)

    assert (answer.status_code, sandbox.uploads()) == (400, [])


def test_parts_of_an_unknown_upload_are_not_found(
    fal: httpx.Client, bearer: dict[str, str]
) -> None:
    begun = fal.post("/files/upload/multipart", headers=bearer).json()

    answer = fal.put(f"{begun['access_url']}/multipart/other/1", content=b"x", headers=bearer)

    assert answer.status_code == 404


def test_older_storage_accepts_a_file(sandbox: SandboxProcess, fal: httpx.Client) -> None:
    begun = fal.post(
        "/storage/upload/initiate",
        params={"storage_type": "gcs"},
        json={"file_name": "old.mp4", "content_type": "video/mp4"},
        headers=KEY | lifetime(60, "X-Fal-Object-Lifecycle-Preference"),
    ).json()

    fal.put(begun["upload_url"], content=b"x" * 3).raise_for_status()

    assert fal.get(begun["file_url"]).content == b"xxx"
    [entry] = sandbox.uploads()
    assert (entry["url"], entry["expires_in"]) == (begun["file_url"], 60)


@pytest.mark.parametrize(
    ("headers", "body", "status"),
    [({}, {"file_name": "x", "content_type": "y"}, 401), (KEY, {}, 422), (KEY, [], 422)],
)
def test_the_older_storage_needs_key_name_and_type(
    fal: httpx.Client, headers: dict[str, str], body: object, status: int
) -> None:
    answer = fal.post("/storage/upload/initiate", json=body, headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize(
    ("patches", "options", "calls"),
    [
        ({}, {}, 1),
        ({"MULTIPART_THRESHOLD": 10, "MULTIPART_CHUNK_SIZE": 100_000}, {}, 5),
        ({}, {"repository": "fal"}, 2),
    ],
    ids=["whole", "in parts", "older"],
)
def test_the_real_client_uploads(
    sandbox: SandboxProcess,
    fal: httpx.Client,
    tmp_path: Path,
    patches: JSON,
    options: JSON,
    calls: int,
) -> None:
    file = tmp_path / "clip.mp4"
    file.write_bytes(os.urandom(250_000))
    patches = {"REST_URL": sandbox.url, "CDN_URL": sandbox.url} | patches
    code = (
        "import fal_client, fal_client.client as c\n"
        f"for name, value in {patches!r}.items(): setattr(c, name, value)\n"
        "day = fal_client.StorageSettings(expires_in='1d')\n"
        f"print(fal_client.SyncClient(key='k').upload_file({str(file)!r}, lifecycle=day,"
        f" **{options!r}))"
    )

    url = subprocess.check_output(
        [sys.executable, "-c", code], env=os.environ | sandbox.environment(), text=True
    ).strip()

    [entry] = sandbox.uploads()
    assert fal.get(url).content == file.read_bytes()
    assert (entry["name"], entry["size"], entry["expires_in"]) == ("clip.mp4", 250_000, 86400)
    assert sandbox.calls()["upload"] == calls


@pytest.mark.parametrize(
    ("fault", "parameters", "kept"),
    [
        ("drop_before", {}, 0),
        ("drop_after", {}, 1),
        ("stall", {"seconds": 0.1}, 1),
        ("cut", {}, 1),
    ],
)
def test_answer_to_an_upload_can_be_lost(
    sandbox: SandboxProcess,
    fal: httpx.Client,
    bearer: dict[str, str],
    fault: str,
    parameters: JSON,
    kept: int,
) -> None:
    sandbox.misbehave("upload", fault, times=1, **parameters)

    with pytest.raises(DROPPED):
        upload(fal, bearer)

    assert len(sandbox.uploads()) == kept
    assert upload(fal, bearer)


@pytest.mark.parametrize(("kind", "tokens"), [("token", 1), ("upload", 0)])
def test_faults_of_token_and_upload_are_separate(
    sandbox: SandboxProcess, fal: httpx.Client, bearer: dict[str, str], kind: str, tokens: int
) -> None:
    sandbox.misbehave(kind, "answer", status=503)

    token = fal.post("/storage/auth/token?storage_type=fal-cdn-v3", headers=KEY)
    file = fal.post("/files/upload", content=b"x", headers=bearer)

    assert [token.is_success, file.is_success] == [not tokens, bool(tokens)]
    assert sandbox.struck() == {kind: {"answer 503": 1}}


def test_tokens_and_uploads_outlive_a_restart(tmp_path: Path) -> None:
    with SandboxProcess(tmp_path) as process:
        with client_of(process) as fal:
            bearer = {"Authorization": f"Bearer {ask_for_token(fal)['token']}"}
            url = upload(fal, bearer)
        process.stop()
        process.start()
        with client_of(process) as fal:
            again = upload(fal, bearer)
            assert [fal.get(one).content for one in (url, again)] == [b"0123456789"] * 2
