"""Uploads to fal's storage, over the wire."""

from __future__ import annotations

import io
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import httpx
import pytest

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import fal
from sora_remix.exceptions import AccountUnusable, RemoteFailure, TryLater
from sora_remix.fal import uploads
from sora_remix.request_pool import wait_for

DAY = timedelta(days=1)


def upload(file: IO[bytes], kind: str = "video/mp4") -> str:
    return wait_for(fal.upload("clip.mp4", kind, file, DAY))


@pytest.mark.parametrize("from_bytes", [uploads.IN_PARTS_FROM, 100])
def test_file_is_unchanged_at_fal_for_a_day(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, clip: Path, from_bytes: int
) -> None:
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", from_bytes)
    monkeypatch.setattr(uploads, "PART", 1000)
    with clip.open("rb") as file:
        url = upload(file)

    [there] = sandbox.uploads()
    assert httpx.get(url).content == clip.read_bytes()
    assert (there["url"], there["name"], there["expires_in"]) == (url, "clip.mp4", 86400)


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ("clip.mp4", "clip.mp4"),
        ("Grüße von 海.mp4", "Gr_e_von_.mp4"),
        ('a"b\tc\n.mp4', "a_b_c_.mp4"),
        ("half \ud83d.mp4", "half_.mp4"),
        ("../etc/passwd", ".._etc_passwd"),
        ("x" * 200 + ".mp4", "x" * 96 + ".mp4"),
        ("", "file"),
    ],
)
def test_file_can_have_any_name(sandbox: SandboxProcess, name: str, sent: str) -> None:
    wait_for(fal.upload(name, "video/mp4", io.BytesIO(b"x"), DAY))

    assert [one["name"] for one in sandbox.uploads()] == [sent]


def _token(**changes: Any) -> dict[str, Any]:
    url = "https://127.0.0.1:9"
    return {"token": "t", "token_type": "Bearer", "base_url": url, **changes}


@pytest.mark.parametrize("value", [None, 7, "", "x" * 5000, "a b", "a\nb", "ü", "\ud83d"])
@pytest.mark.parametrize("name", ["token", "token_type", "base_url"])
def test_unusable_token_is_temporary(sandbox: SandboxProcess, name: str, value: object) -> None:
    sandbox.misbehave("token", "answer", status=200, body=_token(**{name: value}))

    with pytest.raises(TryLater, match=f"storage returned .* “{name}”"):
        upload(io.BytesIO(b"x"))

    assert sandbox.calls()["upload"] == 0


@pytest.mark.parametrize("url", ["http://v3.fal.media", "ftp://v3.fal.media", "v3.fal.media"])
@pytest.mark.parametrize("on", ["token", "upload"])
def test_only_an_https_url_is_used(sandbox: SandboxProcess, on: str, url: str) -> None:
    body = _token(base_url=url) if on == "token" else {"access_url": url}
    sandbox.misbehave(on, "answer", status=200, body=body)

    with pytest.raises(TryLater, match="not an https URL"):
        upload(io.BytesIO(b"x"))


def test_part_without_an_etag_is_temporary(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", 0)
    sandbox.misbehave("upload", "answer", status=200, body="", match="/1")

    with pytest.raises(TryLater, match="no “etag”"):
        upload(io.BytesIO(b"x"))


class Broken(io.BytesIO):
    """A file whose storage gives up after it was measured."""

    def __init__(self, error: Exception) -> None:
        super().__init__(b"x" * 1000)
        self.error = error

    def read(self, size: int | None = -1, /) -> bytes:
        raise self.error


@pytest.mark.parametrize("from_bytes", [uploads.IN_PARTS_FROM, 0])
@pytest.mark.parametrize("error", [ValueError("closed"), KeyError("name"), OSError("disk")])
def test_broken_file_is_no_outage_of_fal(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, error: Exception, from_bytes: int
) -> None:
    monkeypatch.setattr(uploads, "IN_PARTS_FROM", from_bytes)

    with pytest.raises(type(error)) as raised:
        upload(Broken(error))

    assert raised.value is error


def test_content_type_with_invalid_characters_is_no_outage_of_fal(sandbox: SandboxProcess) -> None:
    with pytest.raises(UnicodeEncodeError):
        upload(io.BytesIO(b"x"), "vidéo/mp4")


@pytest.mark.parametrize("on", ["token", "upload"])
@pytest.mark.parametrize("fault", ["bomb", "drip"])
@pytest.mark.usefixtures("broken_handshakes")
def test_endless_answer_is_abandoned(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, on: str, fault: str
) -> None:
    monkeypatch.setattr(uploads, "ANSWER_SECONDS", 2)
    sandbox.misbehave(on, fault)

    with pytest.raises(TryLater, match=r"more than|Timeout"):
        upload(io.BytesIO(b"x"))


class Counting(io.BytesIO):
    """A large file that notes how much of it is asked for at once."""

    most = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.most = max(self.most, len(data))
        return data


@pytest.mark.parametrize("from_bytes", [uploads.IN_PARTS_FROM, 0])
def test_file_is_never_read_whole(
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
def test_failed_upload_can_be_tried_again(
    sandbox: SandboxProcess, on: str, fault: str, parameters: dict[str, Any]
) -> None:
    sandbox.misbehave(on, fault, **parameters)

    with pytest.raises(TryLater):
        upload(io.BytesIO(b"x" * 1000))


@pytest.mark.parametrize(
    ("on", "status", "code"),
    [
        ("token", 403, "upload_forbidden"),
        ("upload", 413, "source_unreachable"),
    ],
)
def test_upload_refused_by_fal_is_final(
    sandbox: SandboxProcess, on: str, status: int, code: str
) -> None:
    sandbox.misbehave(on, "answer", status=status, body={"detail": "no"})

    with pytest.raises(RemoteFailure, match=f"HTTP {status}") as failure:
        upload(io.BytesIO(b"x"))

    assert failure.value.code == code


def test_upload_needs_a_key(
    sandbox: SandboxProcess, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("FAL_KEY")
    monkeypatch.setenv("HOME", str(tmp_path))  # where fal-client looks next

    with pytest.raises(AccountUnusable) as failure:
        upload(io.BytesIO(b"x"))

    assert failure.value.code == "key_missing"


@pytest.mark.parametrize(
    ("on", "status", "detail", "code"),
    [
        ("token", 401, "No user found", "key_refused"),
        ("token", 402, "", "account_locked"),
        ("token", 403, "User is locked. Reason: TOP_UP", "account_locked"),
        ("upload", 403, "User is locked. Reason: TOP_UP", "account_locked"),
    ],
)
def test_upload_that_the_account_may_not_make_is_told_from_a_refused_file(
    sandbox: SandboxProcess, on: str, status: int, detail: str, code: str
) -> None:
    sandbox.misbehave(on, "answer", status=status, body={"detail": detail})

    with pytest.raises(AccountUnusable, match=f"HTTP {status}") as failure:
        upload(io.BytesIO(b"x"))

    assert failure.value.code == code


@pytest.mark.parametrize("status", [401, 403])
def test_refused_token_says_nothing_about_the_key(sandbox: SandboxProcess, status: int) -> None:
    sandbox.misbehave("upload", "answer", status=status, body={"detail": "token has expired"})

    with pytest.raises(TryLater) as failure:
        upload(io.BytesIO(b"x"))

    assert type(failure.value) is TryLater


def test_unreachable_storage_can_be_tried_again(settings: Any) -> None:
    settings.SORA_REMIX_FAL_REST_URL = "https://127.0.0.1:1"

    with pytest.raises(TryLater):
        upload(io.BytesIO(b"x"))
