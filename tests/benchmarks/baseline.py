"""The plain implementation: a task that waits for fal and saves the bytes."""

from __future__ import annotations

from pathlib import Path

import fal_client
import httpx
from django.core.files.base import ContentFile
from fal_client import client
from fal_client.auth import FAL_QUEUE_RUN_HOST

from sora_remix.endpoints import SORA_2
from sora_remix.models import Video


def remix(sora_id: str, prompt: str) -> None:
    """Submit, wait, download and save, all in one task."""
    result = fal_client.subscribe(
        SORA_2.endpoint_id, {"video_id": sora_id, "prompt": prompt, "delete_video": False}
    )
    response = httpx.get(result["video"]["url"], timeout=60)
    video = Video(title=prompt)
    video.file.save("result.mp4", ContentFile(response.content))


def upload(path: str) -> None:
    """Bring a clip to fal, as its client does it."""
    # It has no setting for these two hosts.
    client.REST_URL = client.CDN_URL = f"https://{FAL_QUEUE_RUN_HOST}"
    fal_client.upload_file(Path(path))
