"""Several prompts for several videos, followed in the grid of their batch."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from example_project.fal_sandbox.process import SandboxProcess
from sora_remix.models import Remix, RemixBatch, Video
from tests.browser.page_states import BATCHES, settled, unfold
from tests.browser.pages import Pages
from tests.checkout import draft, page_of
from tests.factories import make_remix, make_video
from tests.processes import Qcluster, wait_until

Status = Remix.Status
ORDER = "#sora-remix-order"
PROMPTS = ("make it noir", "make it gold", "make it rain")


@pytest.fixture
def batch(site: object) -> RemixBatch:
    """A draft with two Sora generations that the sandbox knows."""
    return draft(
        make_video(title="Sea", sora_id="video_clip", duration=1),
        make_video(title="Sky", sora_id="video_clip_too", duration=1),
    )


def _write_prompts(page: Page) -> None:
    for number, prompt in enumerate(PROMPTS):
        fields = page.locator("#sora-remix-prompts textarea")
        if number:
            page.click("#sora-remix-add")
            expect(fields).to_have_count(number + 1)
        fields.nth(number).fill(prompt)


def _open_grid(page: Page, batch: RemixBatch) -> None:
    page.goto(f"{BATCHES}{batch.pk}/change/")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_grid_of_prompts_is_remixed_except_for_an_unticked_cell(
    sandbox: SandboxProcess,
    qcluster: Qcluster,
    batch: RemixBatch,
    pages: Pages,
    clip: Path,
    has_scripts: bool,
) -> None:
    sandbox.add_video("video_clip_too", clip)
    sandbox.timing(run_seconds=1)
    page, _ = pages.open(java_script_enabled=has_scripts)
    page.goto(page_of(batch))
    _write_prompts(page)
    boxes = page.locator("[name=_cell]")
    expect(boxes).to_have_count(6)
    page.check("[name=endpoint]")
    unfold(page, "#sora-remix-remixes")
    boxes.nth(4).uncheck()
    if has_scripts:
        settled(page)
    else:
        page.click("[name=_recalculate]")
    expect(page.locator(ORDER)).to_have_value(re.compile(r"5 remixes for \$0\.50"))

    page.click(ORDER)
    page.wait_for_url("**/remixbatch/*/change/")
    qcluster.start()
    if not has_scripts:
        wait_until(lambda: not Remix.objects.unsettled().exists())
        page.reload()

    expect(page.locator('[data-status="succeeded"]')).to_have_count(5, timeout=120_000)
    made = sorted((one.source.title, one.prompt) for one in Remix.objects.select_related("source"))
    wanted = sorted((title, prompt) for title in ("Sea", "Sky") for prompt in PROMPTS)
    assert len(made) == 5 and set(made) < set(wanted)


def _buttons(page: Page) -> dict[str, bool]:
    """Return which buttons of the grid are active."""
    buttons = page.locator("#sora-remix-grid [name=action]").all()
    return {one.get_attribute("value") or "": one.is_enabled() for one in buttons}


def _is_active(page: Page, *names: str) -> bool:
    return {name for name, is_active in _buttons(page).items() if is_active} == {*names}


def test_buttons_are_active_while_a_selected_remix_allows_them(
    batch: RemixBatch, page: Page
) -> None:
    sea, sky = Video.objects.order_by("title")
    batch.confirm()
    failed = make_remix(source=sea, batch=batch, prompt="a", status=Status.FAILED)
    waiting = make_remix(source=sky, batch=batch, prompt="a")
    made = [
        make_remix(
            source=sea, batch=batch, prompt=prompt, status=Status.SUCCEEDED, result=make_video()
        )
        for prompt in "bcd"
    ]
    _open_grid(page, batch)

    def box(remix: Remix) -> Locator:
        return page.locator(f'[name=cell][value="{remix.pk}"]')

    assert _is_active(page)
    box(failed).check()
    assert _is_active(page, "retry")
    box(waiting).check()
    assert _is_active(page, "retry", "cancel")
    for remix in (failed, waiting):
        box(remix).uncheck()
    assert _is_active(page)
    box(made[0]).check()
    assert _is_active(page, "further", "compare")
    box(made[1]).check()
    assert _is_active(page, "further", "compare")
    box(made[2]).check()
    assert _is_active(page, "further")
    page.check("[data-all=cell]")
    assert _is_active(page, "retry", "cancel", "further")


def test_button_that_nothing_allows_says_so_and_does_nothing(batch: RemixBatch, page: Page) -> None:
    batch.confirm()
    make_remix(source=Video.objects.all()[0], batch=batch)
    _open_grid(page, batch)
    cancel = page.get_by_role("button", name="Cancel")

    expect(cancel).to_be_disabled()
    expect(cancel).to_have_accessible_description("Select a remix that allows this.")
    cancel.focus()
    page.keyboard.press("Enter")
    cancel.click(force=True)

    expect(cancel).to_be_focused()
    expect(page).to_have_url(re.compile("/change/$"))
    page.check("[name=cell]")
    expect(page.get_by_role("button", name="Cancel")).to_be_enabled()
    expect(page.get_by_role("button", name="Cancel")).to_have_accessible_description("")


def test_buttons_follow_a_selected_remix_that_moves_on(batch: RemixBatch, page: Page) -> None:
    batch.confirm()
    remix = make_remix(source=Video.objects.all()[0], batch=batch, status=Status.PROCESSING)
    _open_grid(page, batch)
    page.check("[name=cell]")
    assert _is_active(page, "cancel")
    cancel = page.locator('[name=action][value="cancel"]')

    Remix.objects.filter(pk=remix.pk).update(status=Status.STORING)
    expect(cancel).to_be_disabled()
    Remix.objects.filter(pk=remix.pk).update(status=Status.FAILED, request_id="id")
    expect(page.locator('[name=action][value="retry"]')).to_be_enabled()

    assert _is_active(page, "retry", "collect_again")
    expect(page.locator("[name=cell]")).to_be_checked()


def test_remix_is_cancelled_and_another_is_retried_from_the_grid(
    batch: RemixBatch, page: Page
) -> None:
    sea, sky = Video.objects.order_by("title")
    batch.confirm()
    waiting = make_remix(source=sea, batch=batch, prompt="a")
    failed = make_remix(source=sky, batch=batch, prompt="a", status=Status.FAILED)

    _open_grid(page, batch)
    page.check(f'[name=cell][value="{waiting.pk}"]')
    page.click('[name=action][value="cancel"]')
    page.click("#content .submit-row input[type=submit]")
    expect(page.locator(".messagelist .success")).to_contain_text("1 remix was cancelled")

    _open_grid(page, batch)
    page.check(f'[name=cell][value="{failed.pk}"]')
    page.click('[name=action][value="retry"]')
    page.click("#content .submit-row input[type=submit]")
    expect(page.locator(".messagelist .success")).to_be_visible()

    waiting.refresh_from_db()
    assert waiting.status == Status.CANCELLED
    assert failed.retries.count() == 1
