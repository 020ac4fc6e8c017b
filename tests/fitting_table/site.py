"""A site whose workers fit every clip to every model."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import django

django.setup()

from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402

from example_project.fal_sandbox.process import SandboxProcess  # noqa: E402
from sora_remix import media, services  # noqa: E402
from sora_remix.endpoints.builtin import BUILT_IN  # noqa: E402
from sora_remix.exceptions import RequestRefused  # noqa: E402
from sora_remix.models import Remix, Video  # noqa: E402
from tests.processes import Qcluster, wait_until  # noqa: E402

from .clips import CLIPS  # noqa: E402
from .table import Row, print_head, print_row, print_sums, problems  # noqa: E402

LONGEST = 600
"""Seconds in which all models take one clip."""


def fill_table(
    sandbox: SandboxProcess, folder: Path, files: Iterable[Path], only: Iterable[str] | None
) -> bool:
    """Print a row for each clip, and return whether all that was promised was kept."""
    logging.disable(logging.INFO)
    call_command("migrate", verbosity=0, run_syncdb=True)
    rows = []
    print_head()
    with Qcluster(folder / "media"):
        for name, content in _clips(files, only):
            rows.append(_row(sandbox, name, content))
            print_row(rows[-1])
    print_sums(rows)
    broken = [problem for row in rows for problem in problems(row)]
    for problem in broken:
        print(f"BROKEN: {problem}")
    return not broken


def _clips(files: Iterable[Path], only: Iterable[str] | None) -> Iterator[tuple[str, IO[bytes]]]:
    for name in CLIPS if only is None else only:
        yield name, io.BytesIO(CLIPS[name]())
    for path in files:
        with path.open("rb") as file:
            yield path.name, file


def _row(sandbox: SandboxProcess, name: str, content: IO[bytes]) -> Row:
    """Request a remix of a clip with each model, and wait until all of them are settled."""
    sandbox.reset()
    video = _stored(name, content)
    row = Row(name, video)
    for endpoint in BUILT_IN.values():
        try:
            [remix] = services.request_remixes([video], ["noir"], endpoint=endpoint.key, fit="pad")
        except RequestRefused as refusal:
            row.refused[endpoint.key] = str(refusal)
        else:
            (row.fitted if remix.recipe else row.unchanged).add(endpoint.key)
    wait_until(lambda: not Remix.objects.unsettled().exists(), LONGEST)
    for remix in video.remixes.exclude(status=Remix.Status.SUCCEEDED):
        row.failed[remix.endpoint] = f"{remix.status}, {remix.error_code}: {remix.error_message}"
    row.accepted = len(sandbox.accepted())
    return row


def _stored(name: str, content: IO[bytes]) -> Video:
    facts = media.video_facts(content)
    video = Video(title=name, **facts.known())
    video.file.save(f"clip{facts.extension}", File(content))
    return video
