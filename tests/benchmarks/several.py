"""Several clusters that share the work of one site, while an editor opens lists."""

from __future__ import annotations

import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from django.core.management import call_command
from django.test import Client

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix import services
from sora_remix.models import Remix, Video
from tests.benchmarks.usage import cpu_seconds
from tests.processes import Qcluster, wait_until
from tests.users import User

CLUSTERS = 3
SETTINGS = "tests.benchmarks.counted_settings"
WARM_UP = 6
PARTS = 30
"""Requests in which the remixes arrive."""
LIMIT = 1800.0
QUIET_AFTER = 5.0
"""Seconds after the last result until the clusters have nothing to do."""
PAGES = ("/admin/sora_remix/remix/", "/admin/sora_remix/video/")


class Clusters(ExitStack):
    """The clusters, and an editor."""

    def __init__(self, sandbox: SandboxProcess, folder: Path, fal_seconds: float) -> None:
        super().__init__()
        call_command("migrate", verbosity=0, run_syncdb=True)
        self.sandbox, self.fal_seconds = sandbox, fal_seconds
        self.queries = folder / "queries"
        self.source = Video.objects.create(title="Clip", sora_id="video_clip", duration=4)
        self.editor = Client()
        self.editor.force_login(User.objects.create_superuser("editor"))
        self.pids = [self._start(folder / str(number)) for number in range(CLUSTERS)]

    def run(self, count: int, arriving: float) -> bool:
        """Request so many in so many seconds, and print what was measured.

        Tell whether each remix was stored and bought once.
        """
        self.sandbox.timing(queue_seconds=0, run_seconds=self.fal_seconds)
        self._request(WARM_UP)
        wait_until(_is_settled, 300)
        self.sandbox.reset()
        self.sandbox.timing(queue_seconds=0, run_seconds=self.fal_seconds)
        queries = self.queries.stat().st_size
        cpu, begin = self._cpu(), time.monotonic()
        busy = self._work(count, arriving)
        seconds, cpu = time.monotonic() - begin, self._cpu() - cpu
        # Afterwards, because a list of a hundred rows takes longer than one of six.
        time.sleep(QUIET_AFTER)
        idle = median(self._seconds_of_lists() for _ in range(20))
        stored = Remix.objects.filter(status=Remix.Status.SUCCEEDED).count() - WARM_UP
        bought = len(self.sandbox.accepted())
        least = arriving * (1 - 1 / PARTS) + self.fal_seconds
        print(f"{count} remixes of {self.fal_seconds} s: {stored} stored, {bought} bought")
        print(
            f"time {seconds:.0f} s; to arrive and to be made {least:.0f} s: {seconds / least:.2f} ×"
        )
        print(f"CPU of the clusters, each {cpu / count:.4f} s")
        queries = self.queries.stat().st_size - queries
        print(f"queries of the clusters, each {queries / count:.1f}")
        print(f"HTTP calls, each {sum(self.sandbox.calls().values()) / count:.2f}")
        usual, slow = median(busy), sorted(busy)[int(0.95 * len(busy))]
        print(f"lists: idle {idle:.3f} s, busy {usual:.3f} s: {usual / idle:.2f} ×")
        print(f"lists: 95 % took {slow:.3f} s at most: {slow / idle:.2f} ×")
        return stored == bought == count

    def _start(self, folder: Path) -> int:
        folder.mkdir()
        return self.enter_context(Qcluster(folder / "media", SETTINGS)).pid

    def _request(self, count: int) -> None:
        services.request_remixes([self.source], ["make it noir"] * count)

    def _work(self, count: int, arriving: float) -> list[float]:
        """Request the remixes and wait for them; return the times of the lists meanwhile."""
        seconds, begin = [], time.monotonic()
        for part in range(1, PARTS + 1):
            self._request(count * part // PARTS - count * (part - 1) // PARTS)
            while time.monotonic() - begin < part * arriving / PARTS:
                seconds.append(self._seconds_of_lists())
                time.sleep(0.2)
        while not _is_settled():
            seconds.append(self._seconds_of_lists())
            time.sleep(0.5)
            assert time.monotonic() - begin < LIMIT
        return seconds

    def _seconds_of_lists(self) -> float:
        begin = time.monotonic()
        for page in PAGES:
            assert self.editor.get(page).status_code == 200
        return time.monotonic() - begin

    def _cpu(self) -> float:
        return sum(map(cpu_seconds, self.pids))


def _is_settled() -> bool:
    return not Remix.objects.unsettled().exists()
