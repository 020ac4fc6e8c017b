"""Make the tables and the content of a site, and print where to begin.

`python -m tests.sites.make FILL` calls this function, with the settings of the site.
"""

from __future__ import annotations

import sys

import django
from django.core.management import call_command
from django.utils.module_loading import import_string


def main() -> None:
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)
    print(import_string(sys.argv[1])())


if __name__ == "__main__":
    main()
