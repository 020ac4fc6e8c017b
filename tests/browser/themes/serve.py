"""Serve a site with a theme on the database of the tests. Checks the site first."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import django
from django.core.management import call_command
from django.http import HttpRequest, HttpResponse


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.browser.themes.settings"
    django.setup()
    call_command("check", fail_level="WARNING")
    address = f"localhost:{sys.argv[1]}"
    call_command("runserver", address, use_reloader=False, insecure_serving=True)


def forget_content_types(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Read content types anew: between two tests they get other primary keys."""

    def respond(request: HttpRequest) -> HttpResponse:
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()
        return get_response(request)

    return respond


if __name__ == "__main__":
    main()
