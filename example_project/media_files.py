"""Serve local files with range requests, which browsers need to seek in videos."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.views.static import serve

CHUNK = 2**16
SPAN = re.compile("bytes=([0-9]{1,18})-([0-9]{0,18})")


def serve_parts(request: HttpRequest, path: str, **options: Any) -> HttpResponseBase:
    """Serve a file, or a single range of it. Other ranges are ignored."""
    response = serve(request, path, **options)
    if not isinstance(response, FileResponse):
        return response
    response["Accept-Ranges"] = "bytes"
    asked = SPAN.fullmatch(request.headers.get("Range", ""))
    if not asked:
        return response
    size = int(response["Content-Length"])
    first, last = int(asked[1]), min(int(asked[2] or size), size - 1)
    if first > last:
        response.close()
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
    response.status_code = 206
    response["Content-Range"] = f"bytes {first}-{last}/{size}"
    response["Content-Length"] = str(last - first + 1)
    response.streaming_content = _part(response.file_to_stream, first, last - first + 1)
    return response


def _part(file: Any, first: int, length: int) -> Iterator[bytes]:
    file.seek(first)
    while length and (read := file.read(min(CHUNK, length))):
        length -= len(read)
        yield read
