"""The measurements and their limits."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import django

django.setup()

from django.core.files import File  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from django.db.models import F  # noqa: E402
from django.test.utils import CaptureQueriesContext  # noqa: E402
from django_q.tasks import async_task  # noqa: E402

from example_project.fal_sandbox.outputs import write_video  # noqa: E402
from example_project.fal_sandbox.process import SandboxProcess  # noqa: E402
from sora_remix import engine, media, services  # noqa: E402
from sora_remix.engine.pace import Heartbeat  # noqa: E402
from sora_remix.media.decoder import Decoder  # noqa: E402
from sora_remix.models import Chain, FittedClip, Remix, RemixBatch, Video  # noqa: E402
from sora_remix.request_pool import RequestPool  # noqa: E402
from tests.benchmarks.serving import served  # noqa: E402
from tests.benchmarks.usage import cpu_seconds, peak_memory  # noqa: E402
from tests.fitting.footage import Footage, film  # noqa: E402
from tests.processes import Qcluster, wait_until  # noqa: E402

MIB = 1024 * 1024
BASELINE = "tests.benchmarks.baseline.remix"
LEAST = "tests.benchmarks.baseline.least"
OTHER_CALLS = 5
"""Calls for a remix that are no questions about it: its submit, its result, and three files."""
MOST_CPU = 6.0
"""The cluster's CPU time for a remix, as a multiple of what the calls and one UPDATE take.

Both are slower on a slower or busier machine: it was 3.1 to 4.7 while others used both cores.
"""
CALLS = 6
"""Calls for a remix that is asked about once: submit, status, result, and three files."""
DECODES = 2
"""Files decoded for a remix: the video for its facts, and fal's thumbnail to see if it works."""
SEND_QUERIES = 4.5
"""BEGIN and COMMIT count as well. It was 3.6; one more for each remix is too many."""
ASK_QUERIES = 0.52
"""It was 0.41."""
COLLECT_QUERIES = 4.0
"""It was 3.2, with some to claim them and to renew leases; one more for each is too many."""
WHOLE_GROUP = 60.0
"""Seconds that answers wait for the others of their group while queries are counted."""
ANSWERS = RequestPool.answers
WARM_UP = 3
BASELINE_UPLOAD = "tests.benchmarks.baseline.upload"


def measure_all(sandbox: SandboxProcess, folder: Path, *, smoke: bool) -> bool:
    """Run all measurements; tell whether every limit was kept, of a smoke run the steady ones."""
    call_command("migrate", verbosity=0, run_syncdb=True)
    site = Site(sandbox, folder, is_smoke=smoke)
    site.confirm(1000)
    site.counts(80)
    few, fal_seconds = (1, 2) if smoke else (3, 10)
    baseline = site.baseline_seconds(few, fal_seconds)
    if smoke:
        site.remixes(20, 3, limit=2.0, baseline=baseline * 20)
        site.webhooks(20, 3)
        site.processor(60)
        site.memory(20 * MIB)
        site.upload(20 * MIB)
        site.beside_a_clip(Footage(container="avi", codec="mpeg4", frames=250))
    else:
        limit = 2.5 if site.is_postgresql else 2.0
        site.remixes(100, 10, limit=limit, baseline=baseline * 100)
        site.webhooks(100, 10)
        site.processor(200)
        site.memory(200 * MIB)
        site.upload(50 * MIB)
        site.beside_a_clip(Footage(container="avi", codec="mpeg4", frames=1500, size=(1920, 1080)))
    if not smoke and not site.is_postgresql:
        site.remixes(1000, 60, limit=2.3, baseline=(baseline + 50) * 1000)
    return site.is_within_limits


class Site:
    """Hold the site that is measured, and whether its limits were kept so far."""

    def __init__(self, sandbox: SandboxProcess, folder: Path, *, is_smoke: bool) -> None:
        self.sandbox, self.is_smoke = sandbox, is_smoke
        self.media_root = folder / "media"
        self.clip = folder / "clip.mp4"
        self.is_within_limits = True
        self.source = Video.objects.create(title="Clip", sora_id="video_clip", duration=4)
        self.is_postgresql = connection.vendor == "postgresql"

    def report(
        self, what: str, value: float, unit: str, most: float, *, is_steady: bool = False
    ) -> None:
        """Print a figure; only a steady one may fail a smoke run."""
        kept = value <= most
        self.is_within_limits = self.is_within_limits and (
            kept or (self.is_smoke and not is_steady)
        )
        verdict = "ok" if kept else "OVER"
        print(f"{what:48} {value:8.3f} {unit:3} (at most {most:g})  {verdict}", flush=True)

    def confirm(self, count: int) -> None:
        """Time the confirmation of many remixes."""
        batch = RemixBatch.objects.start([self.source.pk], by=None)
        begin = time.monotonic()
        services.confirm(batch, ["make it noir"] * count, by=None)
        seconds = time.monotonic() - begin
        self.clear()
        self.report(f"confirm {count} remixes", seconds, "s", 1.0)

    def baseline_seconds(self, count: int, fal_seconds: float) -> float:
        """Return what one remix takes when a task waits for it."""
        self.sandbox.timing(queue_seconds=0, run_seconds=fal_seconds)
        with Qcluster(self.media_root):
            begin = time.monotonic()
            for _ in range(count):
                async_task(BASELINE, self.source.sora_id, "make it noir")
            wait_until(lambda: Video.objects.count() == count + 1)
            seconds = (time.monotonic() - begin) / count
        self.clear()
        print(f"the baseline takes {seconds:.1f} s for a remix of {fal_seconds} s", flush=True)
        return seconds

    def remixes(self, count: int, fal_seconds: float, *, limit: float, baseline: float) -> None:
        """Time many remixes from the click to the last file in the storage."""
        with Qcluster(self.media_root) as cluster:
            self.warm_up(fal_seconds)
            self.sandbox.reset()
            self.sandbox.timing(queue_seconds=0, run_seconds=fal_seconds)
            cpu, begin = cpu_seconds(cluster.pid), time.monotonic()
            remixes = services.request_remixes([self.source], ["make it noir"] * count)
            most_at_once = self.wait_until_settled()
            seconds, cpu = time.monotonic() - begin, cpu_seconds(cluster.pid) - cpu
        calls = sum(self.sandbox.calls().values())
        lag = lag_behind_fal(remixes, fal_seconds)
        assert len(self.sandbox.accepted()) == count
        self.clear()
        name = f"{count} × {fal_seconds} s: "
        self.report(name + "time ÷ fal's own", seconds / fal_seconds, "×", limit)
        self.report(name + "time ÷ the baseline's", seconds / baseline, "×", 1.0)
        self.report(name + "done at fal to stored, 95 %", lag, "s", 0.5 * fal_seconds)
        self.report(name + "HTTP calls, each", calls / count, "", 12)
        self.report(name + "the cluster's CPU, each", cpu / count, "s", 0.12)
        self.report(name + "not in flight at once", count - most_at_once, "", 0)

    def webhooks(self, count: int, fal_seconds: float) -> None:
        """Count the calls of remixes about which fal calls the site, and time their results."""
        with served(self.sandbox), Qcluster(self.media_root):
            wait_until(self._do_webhooks_come, 600)
            self.sandbox.reset()
            self.sandbox.timing(queue_seconds=0, run_seconds=fal_seconds)
            remixes = services.request_remixes([self.source], ["make it noir"] * count)
            self.wait_until_settled()
        calls = self.sandbox.calls()
        lag = lag_behind_fal(remixes, fal_seconds)
        self.clear()
        asked = sum(calls[kind] for kind in ("submit", "status", "result"))
        name = f"{count} × {fal_seconds} s, webhooks: "
        self.report(name + "calls to fal, each", asked / count, "", 2.2, is_steady=True)
        self.report(name + "done at fal to stored, 95 %", lag, "s", 0.5 * fal_seconds)

    def _do_webhooks_come(self) -> bool:
        """Warm up; tell whether webhooks are expected: one may come later than it was asked for."""
        self.warm_up()
        return Chain.objects.get().expects_webhooks

    def processor(self, count: int) -> None:
        """Compare the CPU time of remixes with that of the same calls and one UPDATE each."""
        self.sandbox.timing(queue_seconds=0, run_seconds=3)
        with Qcluster(self.media_root) as cluster:
            self.warm_up()
            self.sandbox.reset()
            self.sandbox.timing(queue_seconds=0, run_seconds=3)
            before = cpu_seconds(cluster.pid)
            services.request_remixes([self.source], ["make it noir"] * count)
            self.wait_until_settled()
            ours = cpu_seconds(cluster.pid) - before
            calls = sum(self.sandbox.calls().values())
            before = cpu_seconds(cluster.pid)
            self._run_least(count, asks=round(calls / count) - OTHER_CALLS)
            least = cpu_seconds(cluster.pid) - before
        self.clear()
        name = f"{count} × 3 s: CPU of the cluster"
        print(f"{name}: {ours / count:.4f} s each, of the calls alone {least / count:.4f} s")
        self.report(name + " ÷ the calls'", ours / least, "×", MOST_CPU, is_steady=True)

    def _run_least(self, count: int, *, asks: int) -> None:
        pks = [Video.objects.create(title="Least").pk for _ in range(count)]
        async_task(LEAST, pks, self.source.sora_id, asks)
        waiting = Video.objects.filter(pk__in=pks, size=None)
        wait_until(lambda: not waiting.exists(), 600)

    def counts(self, count: int) -> None:
        """Count what remixes take that are sent, asked about once, and collected."""
        self.sandbox.reset()
        self.sandbox.timing(queue_seconds=0, run_seconds=0.1)
        pks = [one.pk for one in services.request_remixes([self.source], ["make it noir"] * count)]
        later = time.monotonic() + 60
        sent = self._count_queries(lambda: engine.send_waiting(Heartbeat(), later))
        self._wait_for_fal(count)
        asked = self._count_queries(lambda: engine.check_due(Heartbeat(), later))
        with mock.patch.object(Decoder, "ask", autospec=True, side_effect=Decoder.ask) as decode:
            collected = self._count_queries(lambda: engine.collect(pks))
        calls = sum(self.sandbox.calls().values())
        stored = Remix.objects.filter(status=Remix.Status.SUCCEEDED).count()
        assert stored == count
        self.clear()
        name = f"each of {count} remixes: "
        self.report(name + "calls", calls / count, "", CALLS, is_steady=True)
        decodes = len(decode.mock_calls) / count
        self.report(name + "files decoded", decodes, "", DECODES, is_steady=True)
        for what, queries, most in (
            ("send", sent, SEND_QUERIES),
            ("ask", asked, ASK_QUERIES),
            ("collect", collected, COLLECT_QUERIES),
        ):
            self.report(f"{name}queries to {what}", queries / count, "", most, is_steady=True)

    def _count_queries(self, step: Callable[[], None]) -> int:
        # How many are committed together would depend on how busy the machine is.
        answers = mock.patch.object(RequestPool, "answers", _answers_of_whole_group)
        with answers, CaptureQueriesContext(connection) as queries:
            step()
        return len(queries)

    def _wait_for_fal(self, count: int) -> None:
        def is_done() -> bool:
            return [one["status"] for one in self.sandbox.accepted()] == ["COMPLETED"] * count

        wait_until(is_done)
        wait_until(lambda: Remix.objects.to_check().count() == count)

    def memory(self, size: int) -> None:
        """Compare the worker's peak for a large result with that for a small one."""
        self.sandbox.timing(queue_seconds=0, run_seconds=0.1)
        ours = self._peak(size, self.warm_up) - self._peak(0, self.warm_up)
        naive = self._peak(size, self._run_baseline) - self._peak(0, self._run_baseline)
        name = f"a result of {size // MIB} MiB: "
        self.report(name + "memory added", ours / MIB, "MiB", 32)
        self.report(name + "memory ÷ the baseline's", ours / naive, "×", 1.0)

    def upload(self, size: int) -> None:
        """Compare the worker's peak for a large clip, remixed with ten prompts, and a small one."""
        ours = self._upload_peak(size, self._remix_upload)
        assert len(self.sandbox.uploads()) == 1
        ours -= self._upload_peak(0, self._remix_upload)
        naive = self._upload_peak(size, self._upload_naively)
        naive -= self._upload_peak(0, self._upload_naively)
        name = f"a clip of {size // MIB} MiB, ten prompts: "
        self.report(name + "memory added", ours / MIB, "MiB", 16)
        self.report(name + "memory ÷ the baseline's", ours / naive, "×", 1.0)

    def beside_a_clip(self, footage: Footage) -> None:
        """Compare the time of ten remixes while a clip is made with that of ten alone."""
        content = io.BytesIO(film(footage))
        video = Video(title="Film", **media.video_facts(content).known())
        video.file.save("film.avi", File(content))
        with Qcluster(self.media_root):
            self.warm_up()
            self.sandbox.timing(queue_seconds=0, run_seconds=1)
            alone = self._seconds_for_ten()
            [fitted] = services.request_remixes([video], ["x"], endpoint="lucy-restyle", fit=True)
            wait_until(lambda: FittedClip.objects.filter(leased_until__isnull=False).exists())
            beside = self._seconds_for_ten()
            is_made = FittedClip.objects.filter(file="").count() == 0
            if not is_made:
                services.cancel(fitted, by=None)
            self.wait_until_settled()
        self.clear()
        name = "ten remixes while a clip is made: "
        self.report(name + "made before", int(is_made), "", 0)
        self.report(name + "time ÷ alone", beside / alone, "×", 2.5)

    def _seconds_for_ten(self) -> float:
        begin = time.monotonic()
        remixes = services.request_remixes([self.source], ["make it noir"] * 10)
        pks = [remix.pk for remix in remixes]
        wait_until(lambda: not Remix.objects.unsettled().filter(pk__in=pks).exists())
        return time.monotonic() - begin

    def _upload_peak(self, padding: int, work: Callable[[Video], None]) -> int:
        self.sandbox.reset()
        self.sandbox.timing(queue_seconds=0, run_seconds=0.1)
        faults = {"pad_bytes": {"bytes": padding}}
        write_video(self.clip, self.clip.with_name("upload.mp4"), faults)
        video = Video(title="Upload", duration=4)
        with Qcluster(self.media_root) as cluster:
            self.warm_up()
            with self.clip.with_name("upload.mp4").open("rb") as file:
                video.file.save("upload.mp4", File(file))
            work(video)
            peak = peak_memory(cluster.pid)
        self.clip.with_name("upload.mp4").unlink()
        self.clear()
        return peak

    def _remix_upload(self, video: Video) -> None:
        prompts = [f"make it noir {number}" for number in range(10)]
        services.request_remixes([video], prompts, endpoint="lucy-restyle")
        self.wait_until_settled()
        assert Remix.objects.filter(status=Remix.Status.SUCCEEDED).count() == 10 + WARM_UP

    def _upload_naively(self, video: Video) -> None:
        done = len(self.sandbox.uploads()) + 1
        async_task(BASELINE_UPLOAD, video.file.path)
        wait_until(lambda: len(self.sandbox.uploads()) == done)

    def _peak(self, size: int, work: Callable[[], None]) -> int:
        self.sandbox.behave()
        if size:
            self.sandbox.misbehave("job", "pad_bytes", bytes=size)
        with Qcluster(self.media_root) as cluster:
            work()
            peak = peak_memory(cluster.pid)
        self.sandbox.behave()
        self.clear()
        return peak

    def warm_up(self, fal_seconds: float = 0.1) -> None:
        """Make some remixes: a site's worker runs for days, and knows how long they take."""
        self.sandbox.timing(queue_seconds=0, run_seconds=fal_seconds)
        services.request_remixes([self.source], ["make it noir"] * WARM_UP)
        self.wait_until_settled()

    def _run_baseline(self) -> None:
        async_task(BASELINE, self.source.sora_id, "make it noir")
        wait_until(lambda: Video.objects.count() == 2)

    def wait_until_settled(self) -> int:
        """Return how many were in progress at the busiest moment."""
        most = 0

        def settled() -> bool:
            nonlocal most
            most = max(most, Remix.objects.filter(status=Remix.Status.PROCESSING).count())
            return not Remix.objects.unsettled().exists()

        wait_until(settled, 600)
        return most

    def clear(self) -> None:
        """Forget everything but the source."""
        Remix.objects.all().delete()
        Video.objects.exclude(pk=self.source.pk).delete()


def _answers_of_whole_group(
    pool: RequestPool[Any, Any], seconds: float, *, linger: float = 0
) -> list[tuple[Any, Any]]:
    return ANSWERS(pool, seconds, linger=WHOLE_GROUP)


def lag_behind_fal(remixes: list[Remix], fal_seconds: float) -> float:
    """Return how long after fal had finished 95 % of these were stored, in seconds."""
    pks = [remix.pk for remix in remixes]
    times = Remix.objects.filter(pk__in=pks, status=Remix.Status.SUCCEEDED)
    lags = sorted(times.values_list(F("finished_at") - F("submitted_at"), flat=True))
    assert len(lags) == len(pks)
    latest: timedelta = lags[int(0.95 * len(lags))]
    return latest.total_seconds() - fal_seconds
