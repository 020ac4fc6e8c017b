"""The demo does the main job by itself, or says why it can't."""

import os
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
# The tests' own settings and sandbox must not reach the demo.
FOREIGN = ("DJANGO_SETTINGS_MODULE", "FAL_", "SSL_CERT_FILE", "Q_CLUSTER_NAME")


def demo(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(FOREIGN)}
    return subprocess.run(
        [sys.executable, str(ROOT / "manage.py"), "demo", *options],
        env={**kept, "SORA_REMIX_DEMO_FOLDER": str(folder), **variables},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_demo_remixes_two_clips_and_one_result_and_exits(tmp_path: Path) -> None:
    done = demo(tmp_path, "--once", "--port", "0")

    assert done.returncode == 0, done.stdout + done.stderr
    assert "saw the cost, $0.24" in done.stdout
    files = [line.split()[-1] for line in done.stdout.splitlines() if line.endswith(".mp4")]
    assert len(files) == 5
    assert all((tmp_path / "media" / file).is_file() for file in files)
    assert "has stopped" in (tmp_path / "qcluster.log").read_text()


def test_demo_reports_a_taken_port(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        done = demo(tmp_path, "--port", str(port))

    assert done.returncode == 1
    assert f"Port {port} can't be used" in done.stderr


def test_live_demo_refuses_the_site_of_the_sandbox(tmp_path: Path) -> None:
    (tmp_path / "made_for").write_text("sandbox")

    done = demo(tmp_path, "--live", FAL_KEY="never used")

    assert done.returncode == 1
    assert "was made for the sandbox" in done.stderr
