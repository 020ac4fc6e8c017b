"""A site with older tables is upgraded by the docs while remixes are in progress."""

from __future__ import annotations

from pathlib import Path

from example_project.fal_sandbox.process import SandboxProcess
from tests.built_site import BuiltSite, commands, has_its_own_database
from tests.docs import DOCS, README, block
from tests.processes import wait_until

UPGRADE = DOCS / "how-to" / "upgrade.md"
OLDER = "python manage.py migrate sora_remix 0001"
"""A row that is in flight survives each of the migrations since."""
IN_FLIGHT_SECONDS = 20
"""How long fal works on a remix: longer than the way back to the older tables takes."""
REQUEST = """
from sora_remix import services
from sora_remix.models import Video
services.request_remixes([Video.objects.get(pk={pk})], ["at night"], endpoint="grok")
"""


@has_its_own_database
def test_remixes_go_on_after_an_upgrade_and_are_charged_once(
    sandbox: SandboxProcess, large_clip: Path, tmp_path: Path
) -> None:
    site = BuiltSite(tmp_path, sandbox)
    site.write_settings(block(README, "python", "Q_CLUSTER"))
    site.use_sandbox()
    site.manage("python manage.py migrate")
    site.add_videos(large_clip)
    sandbox.timing(run_seconds=IN_FLIGHT_SECONDS)
    with site.workers():
        site.shell(REQUEST.format(pk=12))
        wait_until(lambda: site.statuses() == ["processing"])
    site.shell(REQUEST.format(pk=13))
    site.manage(OLDER)

    install, migrate, check, _worker, doctor = commands(UPGRADE)
    assert install.startswith("pip install --upgrade ")
    site.manage(migrate)
    assert "no issues" in site.manage(check)
    sandbox.timing(run_seconds=0.2)
    with site.workers() as log:
        assert "Problems: 0" in site.manage(doctor)
        wait_until(lambda: site.statuses() == ["succeeded"] * 2)
        assert "reincarnated" not in log.read_text()

    assert len(sandbox.accepted()) == 2
