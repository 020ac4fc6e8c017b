"""What a run returns: files under their URLs, described as the endpoint describes them."""

import base64
import functools
import shutil
import struct
from dataclasses import asdict
from pathlib import Path
from typing import Any

from .fal_queue import Request
from .library import link
from .schemas import merge
from .videos import Facts

JSON = dict[str, Any]

CONTENT_TYPES = {
    "output.mp4": "video/mp4",
    "thumbnail.webp": "image/webp",
    "spritesheet.bin": "image/jpg",
}
VIDEO, THUMBNAIL, SPRITESHEET = CONTENT_TYPES


def write_video(rendering: Path, target: Path, faults: dict[str, JSON]) -> None:
    """Store the result. `pad_bytes` enlarges it, and `claim_seconds` fakes its length."""
    padding = int(faults.get("pad_bytes", {}).get("bytes", 0))
    claimed = int(faults.get("claim_seconds", {}).get("seconds", 0))
    if padding < 16 and not claimed:
        link(rendering, target)
        return
    if claimed:
        target.write_bytes(_claim(rendering.read_bytes(), claimed))
    else:
        shutil.copyfile(rendering, target)
    if padding >= 16:
        _pad(target, padding)


def _pad(target: Path, padding: int) -> None:
    """Enlarge a file by a sparse MP4 `free` box."""
    with target.open("r+b") as video:
        size = video.seek(0, 2) + padding
        # Size 1 announces a 64-bit size after the box's name.
        video.write((1).to_bytes(4) + b"free" + padding.to_bytes(8))
        video.truncate(size)


def _claim(content: bytes, seconds: int) -> bytes:
    """Fake the length of an MP4's first track in its tables."""
    video = bytearray(content.replace(b"edts", b"free"))
    # Behind the name, version and times: ticks a second, and the length in ticks.
    struct.pack_into(">II", video, video.index(b"mdhd") + 16, 1, seconds)
    # Behind the name, version and number of entries: how many frames, and the ticks of each.
    entry = video.index(b"stts") + 12
    (frames,) = struct.unpack_from(">I", video, entry)
    struct.pack_into(">I", video, entry + 4, seconds // frames)
    return bytes(video)


def describe(request: Request, folder: Path, url: str, facts: Facts) -> JSON:
    """Return what the endpoint returns, all but the video id."""
    arguments = request.arguments
    seed = arguments.get("seed")
    everything = {
        "video": _video(request, folder, url, facts),
        "thumbnail": _image(f"{url}/{THUMBNAIL}", CONTENT_TYPES[THUMBNAIL]),
        "spritesheet": _image(f"{url}/{SPRITESHEET}", CONTENT_TYPES[SPRITESHEET]),
        "seed": int(request.id[:7], 16) if seed is None else seed,
        "actual_prompt": request.prompt,
    }
    return {name: everything[name] for name in request.endpoint.outputs if name in everything}


def _video(request: Request, folder: Path, url: str, facts: Facts) -> JSON:
    place = f"{url}/{VIDEO}"
    if request.arguments.get("sync_mode"):
        content = base64.b64encode((folder / VIDEO).read_bytes()).decode()
        place = f"data:{CONTENT_TYPES[VIDEO]};base64,{content}"
    file = {
        "url": place,
        "content_type": CONTENT_TYPES[VIDEO],
        "file_name": VIDEO,
        "file_size": (folder / VIDEO).stat().st_size,
    }
    return file | asdict(facts) if request.endpoint.tells_facts else file


def _image(url: str, content_type: str) -> JSON:
    """Describe a picture as Sora's were recorded, with nulls where fal has nulls."""
    unknown = dict.fromkeys(("file_name", "file_size", "width", "height"))
    return {"url": url, "content_type": content_type} | unknown


def bend(output: JSON, faults: dict[str, JSON]) -> JSON:
    """Apply the rules that change the output."""
    if "no_extras" in faults:
        output = output | {"thumbnail": None, "spritesheet": None}
    changes = faults.get("output", {})
    output = merge(output, changes.get("merge", {}))
    for path in changes.get("nulls", ()):
        *parents, name = path.split(".")
        functools.reduce(lambda place, key: place[key], parents, output)[name] = None
    return output
