"""`manage.py demo`: run the whole app on this machine, and remix videos in it."""

import os
from collections.abc import Callable
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from example_project.demo import progress, samples
from example_project.demo.browser import Browser
from example_project.demo.children import LOCAL, Child, choose_port
from example_project.demo.drawing import draw_missing
from example_project.demo.editor import Editor
from example_project.demo.running import (
    open_first_page,
    signals_as_interrupts,
    start_sandbox,
    stay,
)
from example_project.demo.site_demo import SiteDemo
from example_project.demo.sites import SITES
from example_project.settings import DEMO_FOLDER
from sora_remix import clock
from sora_remix.endpoints import get_endpoint
from sora_remix.models import SourceCopy, Video
from sora_remix.services import default_endpoint

PROMPT = "As a watercolour painting"
CHAIN = {
    "flux-3": "In winter",
    "wan-2.7": "By moonlight, at night",
    "lucy-restyle": "Drawn in ink",
}
"""Endpoints and prompts of a chain of remixes that starts with an upload."""


class Command(BaseCommand):
    help = "Start the example site, remix videos in it, and keep it running until Ctrl-C."
    requires_system_checks: list[str] = []  # the demo reports its own problems

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--once", action="store_true", help="stop after these remixes")
        parser.add_argument(
            "--port",
            type=int,
            default=8000,
            help="port of the site; 0 uses a free one (default: 8000)",
        )
        parser.add_argument(
            "--sandbox-port",
            type=int,
            default=0,
            help="port of the sandbox; 0 uses a free one (default: 0)",
        )
        parser.add_argument(
            "--live", action="store_true", help="use the real fal with your FAL_KEY; it charges you"
        )
        parser.add_argument(
            "--site",
            choices=SITES,
            help="start this site instead of the example; with --once, end when it answers",
        )

    def handle(
        self,
        *,
        once: bool,
        port: int,
        sandbox_port: int,
        live: bool,
        site: str | None,
        **options: Any,
    ) -> None:
        fate = "site is deleted" if site else "site and its videos are kept"
        try:
            with signals_as_interrupts():
                if site:
                    self._run_site(site, once=once, port=port, sandbox_port=sandbox_port, live=live)
                else:
                    self._run_example(once=once, port=port, sandbox_port=sandbox_port, live=live)
        except KeyboardInterrupt:
            self.stdout.write(f"\nStopped. The {fate}.")
            if once:
                raise CommandError(
                    "Stopped before the demo was finished.", returncode=130
                ) from None

    def _run_site(self, name: str, *, once: bool, port: int, sandbox_port: int, live: bool) -> None:
        if live:
            raise CommandError("--site can't be combined with --live.")
        SiteDemo(name, self._say).run(once=once, port=port, sandbox_port=sandbox_port)

    def _run_example(self, *, once: bool, port: int, sandbox_port: int, live: bool) -> None:
        self._folder = DEMO_FOLDER
        _refuse_mixing(self._folder, live=live, once=once)
        address = f"{LOCAL}:{choose_port(port)}"
        with ExitStack() as stack:
            password, videos, clips = self._prepare()
            if live:
                environment = self._tell_about_money(videos["mountains"])
            else:
                environment = self._start_sandbox(stack, sandbox_port, clips)
            check, browser = self._start_site(stack, address, environment)
            if not live:
                editor = Editor(browser)
                generations = [videos["mountains"], videos["sea"]]
                self._remix(editor, password, generations, check)
                self._remix_further(editor, videos["forest"], check)
            if not once:
                self._stay(address, password, check)

    def _prepare(self) -> tuple[str, dict[str, Video], dict[str, Path]]:
        self._say(f"1. Preparing a site in {self._folder}")
        call_command("migrate", verbosity=0, skip_checks=True)
        password = samples.ensure_user(self._folder / "password")
        clips = draw_missing(self._folder / "clips", samples.TITLES)
        return password, samples.ensure_videos(clips), clips

    def _start_sandbox(self, stack: ExitStack, port: int, clips: dict[str, Path]) -> dict[str, str]:
        self._say("2. Starting the sandbox that replaces fal. Nothing here costs money")
        sandbox, environment = start_sandbox(stack, self._folder, port)
        for scene in clips.keys() - samples.UPLOADS:
            sandbox.add_video(samples.sora_id(scene), clips[scene])
        # An earlier sandbox, on another port, may have had copies that lie there no more.
        SourceCopy.objects.exclude(url__startswith=sandbox.url).delete()
        return environment

    def _start_site(
        self, stack: ExitStack, address: str, environment: dict[str, str]
    ) -> tuple[Callable[[], None], Browser]:
        self._say(f"3. Starting the workers, and the site on http://{address}/admin/")
        environment = {**environment, "SORA_REMIX_DEMO_FOLDER": str(self._folder)}
        start = partial(self._start, stack, environment)
        workers = start("qcluster", "qcluster")
        site = start("The site", "runserver", address, "--noreload")

        def check() -> None:
            workers.check()
            site.check()

        browser = Browser(f"http://{address}")
        stack.callback(browser.client.close)
        open_first_page(browser, "/admin/login/", check)
        return check, browser

    def _start(
        self, stack: ExitStack, environment: dict[str, str], name: str, *arguments: str
    ) -> Child:
        log = self._folder / f"{arguments[0]}.log"
        return stack.enter_context(Child(name, arguments, log, environment))

    def _remix(
        self, editor: Editor, password: str, videos: list[Video], check: Callable[[], None]
    ) -> None:
        endpoint = default_endpoint(videos)
        cost = sum((endpoint.estimate(video) or Decimal() for video in videos), Decimal())
        titles = " and ".join(f"“{video}”" for video in videos)
        self._say("4. Remixing two videos on the admin's pages")
        editor.log_in(samples.USERNAME, password)
        batch = editor.select(videos)
        self._say(f"   selected {titles}, chose “Remix selected videos”")
        editor.check_cost(cost)
        self._say(f"   saw the cost, ${cost:.2f}, which the sandbox does not charge")
        editor.confirm(PROMPT)
        self._say(f"   confirmed once: “{PROMPT}”")
        remixes = progress.follow(batch, self.stdout, check)
        progress.check_results(remixes, {video.pk for video in videos})
        self._say("5. Both results are in the site's storage and playable")
        self._say(f"\n{progress.table(remixes)}")

    def _remix_further(self, editor: Editor, video: Video, check: Callable[[], None]) -> None:
        self._say(f"\n6. Remixing the upload “{video}”, and then each result again")
        chain = []
        for key, prompt in CHAIN.items():
            batch = editor.select([video])
            editor.choose(key)
            endpoint = get_endpoint(key)
            cost = endpoint.estimate(video) or Decimal()
            editor.check_cost(cost)
            editor.confirm(prompt)
            self._say(f"   {endpoint}, ${cost:.2f}: “{prompt}”")
            remixes = progress.follow(batch, self.stdout, check)
            progress.check_results(remixes, {video.pk})
            chain += remixes
            video = remixes[0].result or video
        self._say("7. All results are in the site's storage and playable")
        self._say(f"\n{progress.table(chain)}")
        for remix in chain:
            assert remix.result
            editor.approve(remix.result)
        self._say("\n8. Approved these three. The site now shows them on its home page")

    def _tell_about_money(self, video: Video) -> dict[str, str]:
        endpoint = default_endpoint([video])
        cost = endpoint.estimate(video)
        price = "an unknown amount" if cost is None else f"about ${cost:.2f}"
        self._say("2. No sandbox: this site uses fal, which charges you for what you confirm")
        self._say(f"   “{endpoint}” costs {price} for a clip as long as the first sample")
        self._say(
            "   fal doesn't know the sample videos. Register one of your own Sora generations"
        )
        if endpoint.is_retired(clock.today()):
            self._say(f"   “{endpoint}” was switched off on {endpoint.ends_on}, so fal refuses it")
        return {}

    def _stay(self, address: str, password: str, check: Callable[[], None]) -> None:
        self._say(f"\nOpen http://{address}/admin/sora_remix/video/")
        self._say(f"Log in as {samples.USERNAME} with the password {password}")
        self._say("Tick two videos, choose “Remix selected videos”, and ask for snow, ink or neon.")
        self._say(f"What you approve appears on http://{address}/. Ctrl-C stops everything.")
        stay(check)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()


def _refuse_mixing(folder: Path, *, live: bool, once: bool) -> None:
    """Refuse conflicting options, and a folder that belongs to the other mode.

    If --live used a sandbox folder, fal would charge you for the remixes that wait there.
    """
    if live and once:
        raise CommandError(
            "--once can't be combined with --live, which never requests remixes by itself."
        )
    if live and not os.environ.get("FAL_KEY"):
        raise CommandError("--live needs a fal API key in the environment variable FAL_KEY.")
    kind, kept = "fal" if live else "sandbox", folder / "made_for"
    if not kept.exists():
        kept.write_text(kind)
    if kept.read_text() != kind:
        raise CommandError(
            f"The site in {folder} was made for the {kept.read_text()}. Set another folder in "
            f"SORA_REMIX_DEMO_FOLDER, for instance demo_site/{kind}."
        )
