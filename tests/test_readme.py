"""A site built by the README works."""

from __future__ import annotations

from pathlib import Path

from example_project.fal_sandbox.process import SandboxProcess
from tests.built_site import BuiltSite, has_its_own_database
from tests.docs import DOCS, README, block

FROM_CODE = DOCS / "how-to" / "code.md"
BEFORE_THE_EXAMPLE = """
from types import SimpleNamespace
from sora_remix.models import Remix, Video
videos, request = list(Video.objects.filter(pk=12)), SimpleNamespace(user=None)
"""
AFTER_THE_EXAMPLE = """
assert Remix.objects.filter(status="succeeded").count() == 2
assert Remix.objects.count() == 3
assert set(Remix.objects.values_list("endpoint", flat=True)) == {"flux-3"}
"""


@has_its_own_database
def test_site_built_by_the_readme_works(
    sandbox: SandboxProcess, large_clip: Path, tmp_path: Path
) -> None:
    site = BuiltSite(tmp_path, sandbox)
    site.write_settings(block(README, "python", "Q_CLUSTER"))
    migrate, _worker = block(README, "sh", "migrate").splitlines()
    site.manage(migrate)
    assert "System check identified no issues (0 silenced)." in site.manage("manage.py check")

    site.use_sandbox()
    site.add_videos(large_clip)
    with site.workers():
        [remix] = block(FROM_CODE, "sh", "manage.py remix").splitlines()
        assert site.manage(remix).count(": succeeded: ") == 2
        site.shell(
            BEFORE_THE_EXAMPLE, block(FROM_CODE, "python", "request_remixes("), AFTER_THE_EXAMPLE
        )
