"""Start the site by hand, with sample videos: `python -m tests.sites.wagtail`. Ctrl-C ends it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import django
from django.core.management import call_command

ADDRESS = "localhost:8000"


def main() -> None:
    """Make a site in a new folder, which is deleted at the end, and serve it."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "TEST_SITE": "wagtail"}
    django.setup()
    call_command("migrate", verbosity=0, run_syncdb=True)
    _fill()
    sys.stdout.write(f"http://{ADDRESS}/cms/sora-remix/videos/ (user “editor”, password “demo”)\n")
    call_command("runserver", ADDRESS, use_reloader=False, insecure_serving=True)


def _fill() -> None:
    """Make an editor, and a story that plays an approved video."""
    from django.conf import settings

    from example_project.demo import samples
    from example_project.demo.drawing import draw_missing
    from tests.sites.wagtail.content import make_home, make_story
    from tests.sites.wagtail.people import make_editor

    clips = draw_missing(Path(settings.MEDIA_ROOT, "samples"), samples.TITLES)
    videos = samples.ensure_videos(clips)
    videos["sea"].approve(by=make_editor())
    make_story(make_home(), video=videos["sea"])


if __name__ == "__main__":
    main()
