"""What people write today: a task that waits for fal and saves the bytes."""

from __future__ import annotations

import fal_client
import httpx
from django.core.files.base import ContentFile

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
