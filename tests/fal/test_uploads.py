"""Files on their way to fal's storage, over the wire."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.exceptions import RemoteFailure, TryLater
from sora_remix.fal import uploads
from sora_remix.flight import wait_for

DAY = timedelta(days=1)


def upload(file: IO[bytes], kind: str = "video/mp4") -> str:
    return wait_for(fal.upload("clip.mp4", kind, file, DAY))


@pytest.mark.parametrize("from_bytes", [uploads.IN_PARTS_FROM, 100])
def test_a_file_is_at_fal_as_it_was_for_a_day(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, clip: Path, from_bytes: int
) -> None:
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", from_bytes)
    monkeypatch.setattr(uploads, "PART", 1000)
    with clip.open("rb") as file:
        url = upload(file)

    [there] = sandbox.uploads()
    assert httpx.get(url).content == clip.read_bytes()
    assert (there["url"], there["name"], there["expires_in"]) == (url, "clip.mp4", 86400)


class Counting(io.BytesIO):
    """A large file that notes how much of it is asked for at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.most = max(self.most, len(data))
        return data


@pytest.mark.parametrize("from_bytes", [uploads.IN_PARTS_FROM, 0])
def test_a_file_is_never_read_whole(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, from_bytes: int
) -> None:
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", from_bytes)
    file = Counting(bytes(25 * 1024**2))

    upload(file)

    assert file.most <= uploads.PART
    assert sandbox.uploads()[0]["size"] == 25 * 1024**2


@pytest.mark.parametrize("on", ["token", "upload"])
@pytest.mark.parametrize(
    ("fault", "parameters"),
    [
        ("drop_before", {}),
        ("drop_after", {}),
        ("garbage", {}),
        ("answer", {"status": 429, "body": ""}),
        ("answer", {"status": 500, "body": ""}),
        ("answer", {"status": 200, "body": {}}),
    ],
)
def test_an_upload_that_does_not_come_off_can_be_tried_again(
    sandbox: SandboxProcess, on: str, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave(on, fault, **parameters)

    with pytest.raises(TryLater):
        upload(io.BytesIO(b"x" * 1000))


@pytest.mark.parametrize(
    ("on", "status", "code"),
    [
        ("token", 401, "credentials_refused"),
        ("token", 403, "credentials_refused"),
        ("upload", 413, "source_unreachable"),
    ],
)
def test_what_fal_will_not_have_is_refused(
    sandbox: SandboxProcess, on: str, status: int, code: str
) -> None:
    sandbox.misbehave(on, "answer", status=status, body={"detail": "no"})

    with pytest.raises(RemoteFailure, match=f"HTTP {status}") as failure:
        upload(io.BytesIO(b"x"))

    assert failure.value.code == code


def test_without_a_key_nothing_is_uploaded(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))  # where fal-client looks next

    with pytest.raises(RemoteFailure) as failure:
        upload(io.BytesIO(b"x"))

    assert failure.value.code == "credentials_refused"


def test_a_storage_that_can_not_be_reached_can_be_tried_again(settings: Any) -> None:
    settings.SORA_REMIX_FAL_REST_URL = "https://127.0.0.1:1"

    with pytest.raises(TryLater):
        upload(io.BytesIO(b"x"))
