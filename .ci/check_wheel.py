"""Compare a wheel with the tree: all of the app is in it, and nothing else."""

import sys
from pathlib import Path
from zipfile import ZipFile

ROOT = Path(__file__).resolve().parents[1]
UNINSTALLED = {".pyc"}


def main() -> None:
    """End with the reason when something lacks or is too much."""
    with ZipFile(sys.argv[1]) as wheel:
        packed = {name for name in wheel.namelist() if ".dist-info/" not in name}
        text = {name.rpartition("/")[2]: name for name in wheel.namelist()}
    files = {path for path in (ROOT / "sora_remix").rglob("*") if path.is_file()}
    wanted = {str(path.relative_to(ROOT)) for path in files if path.suffix not in UNINSTALLED}
    packed = {name for name in packed if Path(name).suffix not in UNINSTALLED}
    if packed != wanted:
        sys.exit(f"Lacking: {sorted(wanted - packed)}. Too much: {sorted(packed - wanted)}.")
    if not {"py.typed", "LICENSE"} <= text.keys():
        sys.exit("py.typed or LICENSE is not in the wheel.")
    sys.stdout.write(f"{Path(sys.argv[1]).name}: {len(packed)} files, all of sora_remix.\n")


main()
