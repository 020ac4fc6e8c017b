"""Request a remix of many kinds of clips with each built-in model: `python -m tests.fitting_table`.

Prints a table of what is sent as it is, what is fitted, and what is refused. The exit status is 1
if the sandbox refuses what was sent, or if fewer than five models take a clip that is long enough.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from example_project.fal_sandbox.process import SandboxProcess


def main() -> int:
    """Set up a site of its own in a temporary folder, and return the exit status."""
    parser = argparse.ArgumentParser(prog="tests.fitting_table", description=__doc__)
    parser.add_argument("files", nargs="*", type=Path, help="other videos to add to the table")
    parser.add_argument("--only", nargs="*", help="names of the clips to make; none if empty")
    options = parser.parse_args()
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="sora_remix_fitting_table_") as name:
        folder = Path(name)
        os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
        os.environ["SORA_REMIX_TESTS_FOLDER"] = name
        with SandboxProcess(folder / "sandbox") as sandbox:
            os.environ |= sandbox.environment()
            # It reads the settings, and fal-client its hosts, when it is imported.
            from .site import fill_table

            is_kept = fill_table(sandbox, folder, options.files, options.only)
    print(f"It took {time.monotonic() - begin:.0f} s.", flush=True)
    return 0 if is_kept else 1


if __name__ == "__main__":
    sys.exit(main())
