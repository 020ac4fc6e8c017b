"""What people write without the app: tasks that wait for fal and save the bytes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import fal_client
import httpx
from django.core.files.base import ContentFile
from fal_client import client
from fal_client.auth import FAL_QUEUE_RUN_HOST

from sora_remix.conf import conf
from sora_remix.endpoints import SORA_2
from sora_remix.models import Video

FILES = ("video", "thumbnail", "spritesheet")


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


def least(pks: Sequence[int], sora_id: str, asks: int) -> None:
    """Do the least that remixes need: the calls with one plain client, and one UPDATE each.

    Each of these videos stands for a remix; fal is asked `asks` times about it.
    """
    base = f"https://{FAL_QUEUE_RUN_HOST}/"
    headers = {"Authorization": f"Key {conf.SORA_REMIX_FAL_KEY or 'benchmark'}"}
    body = {"video_id": sora_id, "prompt": "make it noir", "delete_video": False}
    with httpx.Client(headers=headers, timeout=60) as client:
        sent = [client.post(base + SORA_2.endpoint_id, json=body).json() for _ in pks]
        for answer in sent:
            for _ in range(asks - 1):
                client.get(answer["status_url"], params={"logs": "1"}).json()
        for pk, answer in zip(pks, sent, strict=True):
            while client.get(answer["status_url"]).json()["status"] != "COMPLETED":
                time.sleep(0.1)
            result = client.get(answer["response_url"]).json()
            sizes = [len(client.get(result[name]["url"]).content) for name in FILES]
            Video.objects.filter(pk=pk).update(size=sum(sizes))
