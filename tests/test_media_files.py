"""The example project supports range requests, which browsers need to seek."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import cast

import pytest
from django.http.response import HttpResponseBase, StreamingHttpResponse
from django.test import RequestFactory

from example_project.media_files import CHUNK, serve_parts

pytestmark = pytest.mark.django_db  # the end of a response lets connections go

BODY = bytes(range(256)) * (CHUNK // 128)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "clip.mp4").write_bytes(BODY)
    return tmp_path


def _get(folder: Path, **headers: str) -> HttpResponseBase:
    request = RequestFactory().get("/media/clip.mp4", headers=headers)
    return serve_parts(request, "clip.mp4", document_root=str(folder))


def _body(response: HttpResponseBase) -> bytes:
    assert isinstance(response, StreamingHttpResponse)
    body = b"".join(cast("Iterable[bytes]", response.streaming_content))
    response.close()
    return body


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-", 0, len(BODY) - 1), ("bytes=5-9", 5, 9), ("bytes=7-99999999", 7, len(BODY) - 1)],
)
def test_requested_range_is_sent(folder: Path, asked: str, first: int, last: int) -> None:
    response = _get(folder, range=asked)

    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {first}-{last}/{len(BODY)}"
    assert response["Content-Length"] == str(last - first + 1)
    assert _body(response) == BODY[first : last + 1]


@pytest.mark.parametrize("asked", ["", "bytes=-5", "bytes=1-2,4-5"])
def test_whole_file_is_sent_without_a_valid_range(folder: Path, asked: str) -> None:
    response = _get(folder, range=asked)

    assert (response.status_code, response["Accept-Ranges"]) == (200, "bytes")
    assert _body(response) == BODY


def test_range_beyond_the_end_is_refused(folder: Path) -> None:
    response = _get(folder, range=f"bytes={len(BODY)}-")

    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(BODY)}"


def test_unmodified_file_is_not_sent_again(folder: Path) -> None:
    whole = _get(folder)
    whole.close()

    again = _get(folder, if_modified_since=whole["Last-Modified"])

    assert again.status_code == 304
