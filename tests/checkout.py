"""Drafts and the page that confirms them."""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from struct import pack
from typing import Any

from django.contrib.auth.models import AnonymousUser, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from sora_remix.endpoints import Endpoint, get_endpoint
from sora_remix.endpoints.builtin import BUILT_IN
from sora_remix.models import EndpointFact, RemixBatch, Video
from tests.factories import make_video
from tests.forms import form_with
from tests.html import errors as errors_on
from tests.html import find_all

SORA = {
    "endpoint_id": "fal-ai/any",
    "label": "Any <b>endpoint</b>",
    "source": {"kind": "sora_id", "param": "video_id"},
    "price": {"per_source_second": "0.1", "is_firm": False},
    "prompt_max": 20,
    "options": [
        {"name": "sharp", "kind": "bool", "default": True, "help": "<i>Sharper</i>"},
        {"name": "loop", "kind": "bool"},
        {"name": "seed", "kind": "int", "minimum": 1, "maximum": 9},
        {"name": "strength", "kind": "number", "default": 0.5},
        {"name": "size", "kind": "enum", "choices": ["720p", "1080p"], "default": "720p"},
        {"name": "frames", "kind": "int", "choices": [24, 30]},
        {"name": "avoid", "kind": "text", "label": "What to avoid"},
    ],
}
"""A record with an option of each kind, and a price that is not certain."""


def make_clip(**values: Any) -> Video:
    """Make an uploaded clip of four seconds that every built-in endpoint for clips accepts."""
    facts = {"width": 1280, "height": 720, "fps": 24, "size": 1_000_000}
    return make_video(**{"sora_id": "", "file": "videos/sea.mp4", **facts, **values})


def retire_models_for_any_length() -> None:
    """Leave only models that accept no clip of less than 0.7 seconds."""
    for endpoint in BUILT_IN.values():
        if not endpoint.source.min_seconds:
            EndpointFact.objects.note_retired(endpoint.endpoint_id)


def draft(*videos: Video, by: User | AnonymousUser | None = None) -> RemixBatch:
    pks = [video.pk for video in videos or (make_video(),)]
    return RemixBatch.objects.start(pks, by=by or AnonymousUser())


def page_of(batch: RemixBatch) -> str:
    return reverse("admin:sora_remix_remixbatch_confirm", args=[batch.pk])


def grid_of(batch: RemixBatch) -> str:
    return reverse("admin:sora_remix_remixbatch_change", args=[batch.pk])


def remixes_of(batch: RemixBatch) -> str:
    return f"/admin/sora_remix/remix/?batch__id__exact={batch.pk}"


def options(**chosen: str) -> dict[str, str]:
    """Return options under the names of their fields."""
    return {f"option-{name}": value for name, value in chosen.items()}


def text_of(client: Client, batch: RemixBatch) -> str:
    return client.get(page_of(batch)).content.decode()


def filled_in(response: Any) -> dict[str, Any]:
    """Return the data that a browser sends if nothing is changed but a model is chosen."""
    return {**_first_model(response), **form_with(response, "_terms").values}


def _first_model(response: Any) -> dict[str, str]:
    """Choose the first model, as nobody can confirm without one."""
    found = find_all(response, "input", name="endpoint")
    return {"endpoint": found[0].get("value", "")} if found else {}


def send(client: Client, batch: RemixBatch, typed: Mapping[str, Any], **more: Any) -> Any:
    """Open the page, change these fields, and confirm; None unticks a box."""
    shown = client.get(page_of(batch))
    form = form_with(shown, "_terms")
    chosen = {} if "endpoint" in form.values else _first_model(shown)
    return client.post(form.action, form.data({**chosen, **typed}), **more)


def forge(client: Client, batch: RemixBatch, typed: Mapping[str, Any]) -> Any:
    """Open the page and send these fields with it, even if the page doesn't offer them."""
    values = filled_in(client.get(page_of(batch)))
    return client.post(page_of(batch), {**values, **typed})


def recalculate(client: Client, batch: RemixBatch, typed: Mapping[str, Any] = {}) -> Any:
    """Open the page, change these fields, and press “Recalculate”."""
    return send(client, batch, {**typed, "_recalculate": "1"})


def choose(client: Client, batch: RemixBatch, endpoint: str) -> Any:
    """Open the page and choose another endpoint."""
    return recalculate(client, batch, {"endpoint": endpoint})


def rows_of(page: str) -> list[list[str]]:
    """Return the texts of the cells row by row: the length, then each box."""
    rows = re.findall(r'<tr id="sora-remix-row-.*?</tr>', page, re.DOTALL)
    return [[_said(cell) for cell in re.findall(r"<td>(.*?)</td>", row)] for row in rows]


def _said(cell: str) -> str:
    said = " ".join(re.sub("<[^>]+>", " ", cell).split())
    return said if "<input" not in cell or " checked" in cell else f"{said} (off)"


def errors(response: Any) -> dict[str, list[str]]:
    """Return the errors on the page, by the names of fields and options."""
    return {name.removeprefix("option-"): said for name, said in errors_on(response).items()}


def endpoint_of(response: Any) -> Endpoint:
    """Return the endpoint that the page has chosen."""
    key: str = filled_in(response)["endpoint"]
    return get_endpoint(key)


def png(width: int = 400, height: int = 400, grey: int = 0) -> bytes:
    """Draw a picture of one grey."""
    rows = zlib.compress((b"\0" + bytes([grey]) * width) * height)
    parts = ((b"IHDR", pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", rows))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        pack(">I", len(data)) + kind + data + pack(">I", zlib.crc32(kind + data))
        for kind, data in (*parts, (b"IEND", b""))
    )


def picture(name: str = "rain.png", content: bytes | None = None, **shape: int) -> Any:
    """Return an upload of a picture."""
    return SimpleUploadedFile(name, png(**shape) if content is None else content, "image/png")
