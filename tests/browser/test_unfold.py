"""Our pages open on a site with django-unfold."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_our_pages_open_under_unfold(tmp_path: Path) -> None:
    database = {
        "TEST_DATABASE": "sqlite",
        "SORA_REMIX_TESTS_DATABASE": str(tmp_path / "db.sqlite3"),
    }

    done = subprocess.run(
        [sys.executable, "-m", "tests.browser.unfold_site"],
        cwd=ROOT,
        env=os.environ | database,
        capture_output=True,
        text=True,
        timeout=120,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    opened = [line.split() for line in done.stdout.splitlines() if "/admin/" in line]
    assert len(opened) == 14
    assert all(line[:2] == ["200", "True"] for line in opened), done.stdout
