"""Open our pages on a site whose admin is django-unfold's; end with the reason if one fails.

A process of its own: the admin's templates and forms are other ones in all of it.
"""

from __future__ import annotations

import os

import django
from django.conf import settings
from django.core.management import call_command


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.settings"
    settings.INSTALLED_APPS = ["unfold", *settings.INSTALLED_APPS]
    settings.SORA_REMIX_ENDPOINT = "flux-3"  # the usual one is over, of which the check warns
    settings.SORA_REMIX_MAX_RESULT_BYTES = 100 * 1024**2  # fits into the timeout of the tests
    django.setup()
    call_command("check", fail_level="WARNING")
    call_command("migrate", verbosity=0)
    open_all()


def open_all() -> None:
    from django.contrib.auth.models import User
    from django.test import Client

    from sora_remix.models import Remix
    from tests.admin_urls import (
        change_url,
        compare_url,
        confirm_url,
        remix_page_url,
        review_url,
        tree_url,
        upload_url,
    )
    from tests.checkout import draft, make_clip
    from tests.factories import make_remix, make_video

    client = Client()
    client.force_login(User.objects.create_superuser("admin"))
    batch = draft(make_clip(), make_video())
    unconfirmed = make_remix(status=Remix.Status.UNCONFIRMED)
    left, right = make_video(file="a.mp4"), make_video(file="b.mp4")
    admin = "/admin/sora_remix"
    for path in (
        f"{admin}/video/",
        f"{admin}/video/add/",
        upload_url(),
        change_url(make_video()),
        f"{admin}/remix/",
        change_url(unconfirmed),
        remix_page_url("send_again", unconfirmed),
        remix_page_url("request_id", unconfirmed),
        f"{admin}/remixbatch/",
        change_url(batch),
        confirm_url(batch),
        compare_url(left, right),
        tree_url(left),
        review_url(),
    ):
        response = client.get(path)
        print(response.status_code, "unfold" in response.content.decode(), path)


if __name__ == "__main__":
    main()
