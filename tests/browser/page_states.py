"""Our pages, each in a state that an editor can see."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from django.core.files.base import ContentFile
from playwright.sync_api import FilePayload, Page, expect

from sora_remix import services
from sora_remix.models import Chain, PromptPreset, Remix, SourceCopy, Video
from sora_remix.storage import app_storage
from tests import checkout
from tests.admin_urls import (
    change_url,
    compare_url,
    confirm_url,
    remix_page_url,
    review_url,
    tree_url,
)
from tests.approved_videos import show
from tests.browser.budget_states import BUDGET_STATES
from tests.browser.spend_states import SPEND_STATES
from tests.budgets import make_budget
from tests.decoding.recordings import record
from tests.factories import ago, make_remix, make_video
from tests.remix_actions import ACTIONS
from tests.trees import remix_of

Status = Remix.Status
VIDEOS = "/admin/sora_remix/video/"
REMIXES = "/admin/sora_remix/remix/"
BATCHES = "/admin/sora_remix/remixbatch/"
SETTLED = "#confirm-form:not([aria-busy])"

PageState = Callable[[Page], None]
PAGE_STATES: dict[str, PageState] = {**BUDGET_STATES, **SPEND_STATES}


def _page_state(go: PageState) -> PageState:
    PAGE_STATES[go.__name__] = go
    return go


def settled(page: Page) -> None:
    """Wait until the page to confirm has calculated."""
    page.wait_for_selector(SETTLED)


def made() -> Remix:
    """Return a remix whose result has a picture and a file."""
    picture = app_storage().save("result.png", ContentFile(checkout.png(160, 90)))
    file = app_storage().save("result.mp4", ContentFile(b"no video"))
    result = make_video(
        title="Noir", sora_id="", file=file, thumbnail=picture, width=160, height=90
    )
    return make_remix(status=Status.SUCCEEDED, result=result, request_id="made")


def _remixes() -> list[Remix]:
    cost = {"estimated_cost": Decimal("0.4")}
    failed = {"error_code": "content_policy_violation", "error_message": "fal refused it."}
    states = [{"status": status, **cost} for status in Status.values if status != Status.FAILED]
    return [
        made(),
        *(make_remix(**values) for values in states),
        make_remix(status=Status.FAILED, request_id="failed", **failed),
    ]


def _open_remix(page: Page, **values: object) -> None:
    page.goto(change_url(make_remix(**values)))


def _confirm(page: Page, *videos: Video) -> None:
    page.goto(confirm_url(checkout.draft(*(videos or (checkout.make_clip(),)))))


def choose(page: Page, endpoint: str) -> None:
    """Choose an endpoint on the page to confirm, and open its options."""
    page.wait_for_selector("#confirm-form")
    unfold(page, "#sora-remix-more-models")
    page.check(f"[name=endpoint][value='{endpoint}']")
    options = f"#sora-remix-options-{endpoint.replace('.', chr(92) + '.')}"
    page.wait_for_selector(options, state="attached")
    settled(page)
    unfold(page, "#sora-remix-options")


def unfold(page: Page, selector: str) -> None:
    """Open a part of the page to confirm, if it has this part and it is folded."""
    page.wait_for_load_state()  # only then every part is there, and the script, too
    if page.locator(f"{selector}:not([open])").count():
        page.click(f"{selector} > summary")


def _videos() -> None:
    remix = made()
    make_remix(source=remix.result)
    make_video(title="Gone", is_deleted_at_provider=True)
    checkout.make_clip(duration=None)


@_page_state
def list_of_videos(page: Page) -> None:
    """Open the cards, with one of them selected and the menu to sort them."""
    _videos()
    page.goto(f"{VIDEOS}?o=2")
    page.locator(".action-select").first.check()
    page.click(".sora-remix-sort > summary")


@_page_state
def list_of_videos_in_rows(page: Page) -> None:
    _videos()
    page.goto(VIDEOS)
    page.get_by_role("button", name="Rows").click()
    page.wait_for_selector(".sora-remix-rows #result_list")


def _empty_list(name: str, url: str) -> None:
    def go(page: Page) -> None:
        page.goto(url)
        assert page.locator(".sora-remix-guidance a").is_visible()

    PAGE_STATES[name] = go


for _empty in ("video", "remix", "remixbatch", "promptpreset", "budget"):
    _empty_list(f"list_without_{_empty}", f"/admin/sora_remix/{_empty}/")
_empty_list("list_whose_filters_leave_nothing", f"{VIDEOS}?q=sea&origin=remix")


@_page_state
def list_with_a_notice_that_appeared(page: Page) -> None:
    """Open a list without a worker; the notice comes when the page asks for it."""
    page.goto(VIDEOS)
    make_remix(due_at=ago(minutes=3))
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_selector(".sora-remix-notice")


@_page_state
def tree_of_a_single_video(page: Page) -> None:
    page.goto(tree_url(checkout.make_clip()))


@_page_state
def uploads_on_the_list(page: Page) -> None:
    """Open the list with a file that was uploaded, and another one that failed."""
    page.goto(VIDEOS)
    page.set_input_files("#sora-remix-files", [_file("sea", record("mp4")), _file("broken", b"no")])
    expect(page.locator(".sora-remix-upload-summary")).to_have_text("1 of 2 uploaded. 1 failed.")


@_page_state
def uploads_without_scripts(page: Page) -> None:
    """Open the page that answers the form; without its script, the form is sent by its button."""
    page.goto(f"{VIDEOS}upload/")
    page.route("**/upload.js", lambda route: route.fulfill(content_type="text/javascript"))
    page.reload()
    films = [_file("sea", record("mp4")), _file("film", record("matroska"))]
    page.set_input_files("#sora-remix-files", [*films, _file("broken", b"no")])
    page.click(".sora-remix-drop button")
    page.wait_for_selector(".sora-remix-upload-page .sora-remix-upload-failed")
    page.unroute("**/upload.js")


def _file(name: str, content: bytes) -> FilePayload:
    return {"name": f"{name}.mp4", "mimeType": "video/mp4", "buffer": content}


@_page_state
def add_video(page: Page) -> None:
    page.goto(f"{VIDEOS}add/")


@_page_state
def add_video_with_errors(page: Page) -> None:
    page.goto(f"{VIDEOS}add/")
    page.fill("[name=title]", "Nothing")
    page.click("[name=_save]")
    page.wait_for_selector(".errorlist")


@_page_state
def video_made_by_a_remix(page: Page) -> None:
    result = made().result
    assert result
    page.goto(change_url(result))


@_page_state
def video_known_by_its_sora_id(page: Page) -> None:
    video = make_video()
    make_remix(source=video)
    page.goto(change_url(video))


@_page_state
def video_with_captions(page: Page) -> None:
    """Open a video whose captions can be replaced or removed."""
    page.goto(change_url(show()))


@_page_state
def delete_video(page: Page) -> None:
    page.goto(f"{VIDEOS}{make_video().pk}/delete/")


@_page_state
def delete_video_that_was_remixed(page: Page) -> None:
    page.goto(f"{VIDEOS}{make_remix().source.pk}/delete/")


@_page_state
def delete_selected_videos(page: Page) -> None:
    make_video()
    act_on_all(page, VIDEOS, "delete_selected")


@_page_state
def list_of_remixes(page: Page) -> None:
    _remixes()
    page.goto(REMIXES)


@_page_state
def remix_at_fal(page: Page) -> None:
    _open_remix(page, status=Status.PROCESSING, request_id="r")


@_page_state
def list_with_notices(page: Page) -> None:
    """Open the list while sending is paused and steps keep failing."""
    Chain.objects.hold_back(ago(minutes=-30), "429")
    failing = {"failing_since": ago(hours=2), "failures": 30, "error_message": "503"}
    finished = {"status": Status.PROCESSING, "completed_at": ago(hours=3)}
    for values in (finished, {"status": Status.STORING}, {"status": Status.PROCESSING}, {}):
        make_remix(**failing, **values)
    make_remix(is_ready=False)
    SourceCopy.objects.create(name="sea.mp4", **failing)
    page.goto(REMIXES)
    page.wait_for_selector(".sora-remix-notices")


@_page_state
def remix_whose_upload_fails(page: Page) -> None:
    remix = make_remix(source=checkout.make_clip(), endpoint="flux-3", is_ready=False)
    failing = {"failing_since": ago(hours=2), "failures": 30, "error_message": "503"}
    SourceCopy.objects.create(name=str(remix.source.file), **failing)
    page.goto(change_url(remix))


@_page_state
def remix_that_failed(page: Page) -> None:
    _open_remix(page, status=Status.FAILED, request_id="r", error_code="timeout")


@_page_state
def remix_that_nobody_knows_of(page: Page) -> None:
    _open_remix(page, status=Status.UNCONFIRMED)


@_page_state
def remix_with_a_result(page: Page) -> None:
    page.goto(change_url(made()))


@_page_state
def wrong_request_id(page: Page) -> None:
    _open_remix(page, status=Status.UNCONFIRMED)
    page.fill("[name=request_id]", "no id")
    page.click(".sora-remix-request-id [type=submit]")
    page.wait_for_selector(".errornote")


def _act(name: str, status: str) -> None:
    def go(page: Page) -> None:
        page.goto(remix_page_url(name, make_remix(status=status, request_id="r")))

    PAGE_STATES[f"{name}_one"] = go


def _act_on_many(name: str) -> None:
    def go(page: Page) -> None:
        _remixes()
        act_on_all(page, REMIXES, ACTIONS[name])

    PAGE_STATES[f"{name}_many"] = go


def act_on_all(page: Page, url: str, action: str) -> None:
    """Tick all rows of a list and choose an action."""
    page.goto(url)
    page.check("#action-toggle")
    page.select_option("select[name=action]", action)
    page.click("button[name=index]")
    expect(page.locator("#changelist")).to_have_count(0)
    page.wait_for_load_state()


for _name, _status in (
    ("cancel", Status.PROCESSING),
    ("give_up", Status.UNCONFIRMED),
    ("send_again", Status.UNCONFIRMED),
):
    _act(_name, _status)
for _name in ACTIONS:
    _act_on_many(_name)


@_page_state
def list_of_batches(page: Page) -> None:
    checkout.draft()
    batch = checkout.draft()
    batch.confirmed_at = batch.created_at
    batch.save()
    make_remix(batch=batch)
    page.goto(BATCHES)


@_page_state
def batch_of_remixes(page: Page) -> None:
    page.goto(change_url(checkout.draft()))


@_page_state
def confirm_some(page: Page) -> None:
    _confirm(page, checkout.make_clip(), checkout.make_clip(duration=200), make_video())
    for part in ("left-out", "more-models", "others", "about", "remixes"):
        unfold(page, f"#sora-remix-{part}")


@_page_state
def confirm_parts_and_visible_changes(page: Page) -> None:
    film = app_storage().save("film.mp4", ContentFile(record("mp4")))
    long, other = checkout.make_clip(duration=70, file=film), checkout.make_clip(file="a.avi")
    batch = checkout.draft(long, other, checkout.make_clip(width=3000, height=1000))
    batch.parts = {str(long.pk): ["0:05", "0:03"]}
    batch.save()
    page.goto(confirm_url(batch))
    choose(page, "happy-horse")
    unfold(page, "#sora-remix-left-out")


@_page_state
def confirm_folded(page: Page) -> None:
    _confirm(page, checkout.make_clip(), checkout.make_clip(duration=200))


@_page_state
def confirm_with_a_switched_off_model(page: Page) -> None:
    _confirm(page, make_video())


@_page_state
def confirm_several_prompts(page: Page) -> None:
    PromptPreset.objects.create(name="Noir", text="{title} as film noir", is_shared=True)
    _confirm(page, checkout.make_clip(), checkout.make_clip())
    page.click("#sora-remix-add")
    expect(page.locator("[name=prompt]")).to_have_count(2)
    settled(page)
    unfold(page, "#sora-remix-remixes")


@_page_state
def confirm_none(page: Page) -> None:
    _confirm(page, checkout.make_clip(file="videos/sea.txt"))


@_page_state
def confirm_with_more_options(page: Page) -> None:
    _confirm(page)
    choose(page, "flux-3")
    page.click("#confirm-form .collapse summary")
    page.wait_for_selector("#confirm-form .collapse details[open]")


@_page_state
def confirm_with_errors(page: Page) -> None:
    _confirm(page)
    page.fill("[name=prompt]", " ")
    page.click("#sora-remix-order")
    page.wait_for_selector(".errornote")


@_page_state
def confirm_with_images(page: Page) -> None:
    _confirm(page)
    choose(page, "kling-o3")
    pictures: list[FilePayload] = [
        {"name": f"{grey}.png", "mimeType": "image/png", "buffer": checkout.png(640, 400, grey)}
        for grey in (0, 9)
    ]
    page.set_input_files("[name=images]", pictures)
    page.wait_for_selector(".sora-remix-kept li:nth-child(2)")
    settled(page)


@_page_state
def grid_of_a_batch(page: Page) -> None:
    """Open the grid of a batch with pictures, states and boxes."""
    batch = checkout.draft(make_video(title="Sea"))
    [video] = batch.videos.all()
    batch.confirm()
    done = made()
    Remix.objects.filter(pk=done.pk).update(batch=batch, source=video, prompt="a")
    for number, status in enumerate((Status.PROCESSING, Status.FAILED, Status.QUEUED)):
        make_remix(source=video, batch=batch, prompt=f"b{number}", status=status)
    page.goto(f"{BATCHES}{batch.pk}/change/")
    assert page.locator("#sora-remix-grid").is_visible()


@_page_state
def compare_a_result_with_its_source(page: Page) -> None:
    remix = made()
    assert remix.result
    page.goto(compare_url(remix.source, remix.result))
    page.keyboard.press("?")
    page.keyboard.press("2")
    page.keyboard.press("i")
    expect(page.locator("#sora-remix-wipe")).to_be_visible()


@_page_state
def compare_with_nothing(page: Page) -> None:
    result = made().result
    assert result
    page.goto(compare_url(result, result))


@_page_state
def list_of_presets(page: Page) -> None:
    PromptPreset.objects.create(name="Noir", text="{title} as film noir", is_shared=True)
    page.goto("/admin/sora_remix/promptpreset/")


@_page_state
def add_preset(page: Page) -> None:
    page.goto("/admin/sora_remix/promptpreset/add/")


@_page_state
def confirm_beyond_a_budget(page: Page) -> None:
    """Open the page of somebody who may exceed the budget."""
    make_budget("0.01")
    _confirm(page)
    assert page.locator("[name=_exceed_budget]").is_visible()


@_page_state
def history_of_a_remix(page: Page) -> None:
    [remix] = services.request_remixes([make_video()], ["noir"])
    page.goto(change_url(remix).replace("change", "history"))
    assert page.get_by_text("Requested.").first.is_visible()


@_page_state
def public_page(page: Page) -> None:
    """Open the public page that plays approved videos."""
    show(title="Noir")
    show(title="Sea", sora_id="", captions="", thumbnail="")
    page.goto("/")
    assert page.locator("figure > video").count() == 2


@_page_state
def public_page_without_videos(page: Page) -> None:
    page.goto("/")


@_page_state
def tree_of_a_video(page: Page) -> None:
    """Open a tree with a remix in each state, one part of it closed."""
    root = made().result
    assert root
    video = remix_of(root)
    remix_of(remix_of(video, prompt="make it gold"))
    for status in Status.values:
        make_remix(source=root, status=status, estimated_cost=Decimal("0.4"))
    page.goto(tree_url(video))
    assert page.locator(".sora-remix-node").count() == 4 + len(Status)
    page.locator(".sora-remix-tree summary").last.click()


@_page_state
def review_of_a_result(page: Page) -> None:
    result = made().result
    assert result
    page.goto(review_url(video=result.pk))


@_page_state
def review_without_any(page: Page) -> None:
    page.goto(review_url())


@_page_state
def reject_selected_videos(page: Page) -> None:
    made()
    act_on_all(page, VIDEOS, "reject_selected")


@_page_state
def clear_selected_videos(page: Page) -> None:
    result = made().result
    assert result
    result.reject(note="Blurred.")
    act_on_all(page, VIDEOS, "clear_selected")
