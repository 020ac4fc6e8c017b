"""Print the lowest version of each dependency that setup.cfg allows, as constraints for pip."""

import re
import sys
from configparser import ConfigParser
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
BOUND = re.compile(r"(?P<name>[\w-]+)>=(?P<lowest>[\w.]+)")


def main() -> None:
    """End with the reason when a dependency has no lower bound."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg")
    for requirement in config["options"]["install_requires"].split():
        if not (bound := BOUND.match(requirement)):
            sys.exit(f"{requirement} has no lower bound.")
        sys.stdout.write(f"{bound['name']}=={bound['lowest']}\n")


main()
