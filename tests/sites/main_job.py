"""Go through the main job on one site: `python -m tests.sites.main_job SITE`.

The site gets databases, a storage, a sandbox and a qcluster of its own. It says what it sees; the
exit status is 0 if the video was made and paid for once.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

from example_project.fal_sandbox.clips import draw_clip
from example_project.fal_sandbox.process import SandboxProcess
from tests.databases import SCRATCH

SITES = ("split", "replica", "split_replica", "atomic", "sync", "killed", "foreign")


def main() -> int:
    """Set up a site in a temporary folder and go through the job there."""
    parser = argparse.ArgumentParser(prog="tests.sites.main_job", description=__doc__)
    parser.add_argument("site", choices=SITES)
    parser.add_argument("--clip", type=Path, help="what is uploaded, instead of a clip drawn anew")
    options = parser.parse_args()
    site = options.site
    with tempfile.TemporaryDirectory(prefix="sora_remix_sites_") as name:
        folder = Path(name)
        clip = options.clip or folder / "clip.mp4"
        if not options.clip:
            draw_clip(clip, "sea", seconds=3.5, width=1280, height=720, fps=12)
        with _databases(site), SandboxProcess(folder / "sandbox") as sandbox:
            os.environ |= sandbox.environment() | {
                "DJANGO_SETTINGS_MODULE": _settings(site),
                "SORA_REMIX_SITES_SYNC": "on",
                "SORA_REMIX_TESTS_FOLDER": name,
                "SORA_REMIX_TESTS_MEDIA": f"{name}/media",
                "SORA_REMIX_TESTS_QUEUE": f"sora_remix_sites_{os.getpid()}",
            }
            # It reads the settings, and fal-client its hosts, when it is imported.
            from .job import run

            return run(site, sandbox, folder, clip)


def _settings(site: str) -> str:
    return f"tests.sites.settings.{'sync' if site == 'killed' else site}"


def _databases(site: str) -> AbstractContextManager[None]:
    """SQLite makes its own in the folder; only there can replicas be made to lag."""
    if "replica" in site:
        os.environ.pop("TEST_DATABASE", None)
    scratch = SCRATCH.get(os.environ.get("TEST_DATABASE", ""))
    return scratch("sites", "videos", "queue") if scratch else nullcontext()


if __name__ == "__main__":
    sys.exit(main())
