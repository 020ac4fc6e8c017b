"""Serve a site with a theme on the database of the tests. Checks the site first."""

from __future__ import annotations

import os
import sys

import django
from django.core.management import call_command


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.themes.settings"
    django.setup()
    call_command("check", fail_level="WARNING")
    address = f"localhost:{sys.argv[1]}"
    call_command("runserver", address, use_reloader=False, insecure_serving=True)


if __name__ == "__main__":
    main()
