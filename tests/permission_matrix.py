"""Permissions of each page and action of the app, as listed in the README."""

from __future__ import annotations

from dataclasses import dataclass

NOBODY = "nobody"
"""Closed even to superusers."""
ANYBODY = "anybody"
"""Open without a login."""


@dataclass(frozen=True)
class PageRequest:
    """A request to one page, or an action on a list."""

    url: str
    """Its name without “sora_remix_”, or “action:” and the name of an action."""
    method: str = "GET"
    row: str = ""
    """Key of the row in `World.rows`; empty if it follows from the name."""
    data: tuple[tuple[str, str], ...] = ()
    """Data to send; a name in braces stands for the primary key of a row, or the revision."""


@dataclass(frozen=True)
class MatrixRow:
    """Pages that need the same permissions."""

    text: str
    """Text in the README; empty if the README doesn't list it."""
    needs: tuple[str, ...]
    pages: tuple[PageRequest, ...]

    @property
    def line(self) -> str:
        """Return the line of the README's table."""
        return f"| {self.text} | {', '.join(f'`{one}`' for one in self.needs)} |"


def _get(*urls: str, row: str = "", **data: str) -> tuple[PageRequest, ...]:
    return tuple(PageRequest(url, "GET", row, tuple(data.items())) for url in urls)


def _post(*urls: str, row: str = "", **data: str) -> tuple[PageRequest, ...]:
    return tuple(PageRequest(url, "POST", row, tuple(data.items())) for url in urls)


def _both(*urls: str, row: str = "", **data: str) -> tuple[PageRequest, ...]:
    return (*_get(*urls, row=row, **data), *_post(*urls, row=row, **data))


def _cells(action: str) -> tuple[PageRequest, ...]:
    return _post("remixbatch_cells", row="batch", action=action, cell="{remix}")


VIEW_VIDEOS, REMIX = ("view_video",), ("view_video", "remix_video")
VIEW_REMIXES, DECIDE = ("view_remix",), ("view_remix", "decide_unconfirmed")
APPROVE = ("view_video", "approve_video")
NOTICES = (
    "video_notices",
    "remix_notices",
    "remixbatch_notices",
    "promptpreset_notices",
    "budget_notices",
)
MATRIX = (
    MatrixRow(
        "Videos: list and its layout, page, history, files, captions, comparison, tree",
        VIEW_VIDEOS,
        (
            *_both("video_changelist"),
            *_both("video_history"),
            *_get("video_change", "video_captions", "video_tree", "video_notices"),
            *_get("video_choose"),
            *_get("video_file", "video_layout"),
            *_post("video_layout", layout="rows"),
            *_get("video_file", "video_captions", row="source"),
            *_get("video_compare", left="{video}", right="{source}"),
            PageRequest("action:video:compare_selected"),
        ),
    ),
    MatrixRow("Add videos", ("add_video",), _both("video_add", "video_upload")),
    MatrixRow(
        "Change title, captions, Sora id",
        ("change_video",),
        _post("video_change", "video_title"),
    ),
    MatrixRow(
        "Delete videos",
        ("delete_video",),
        _both("video_delete"),
    ),
    MatrixRow("", ("view_video", "delete_video"), (PageRequest("action:video:delete_selected"),)),
    MatrixRow(
        "Remix videos: from any page that shows them; confirm and discard own drafts",
        REMIX,
        (
            PageRequest("action:video:remix_selected"),
            *_get("video_remix"),
            *_post("video_remix", video="{video}"),
            *_both("remixbatch_confirm", row="own_draft"),
            *_both("remixbatch_delete", row="own_draft"),
        ),
    ),
    MatrixRow(
        "Confirm and discard drafts of others",
        (*REMIX, "confirm_any_draft"),
        (
            *_both("remixbatch_confirm", row="draft"),
            *_both("remixbatch_delete", row="draft"),
        ),
    ),
    MatrixRow(
        "Approve and reject videos, review new ones",
        APPROVE,
        (
            *_get("video_review"),
            *_post("video_review", decision="approve", shown="x"),
            *_post("video_approve", "video_reject", videos="{video}:{revision}"),
            PageRequest("action:video:approve_selected"),
            PageRequest("action:video:reject_selected"),
        ),
    ),
    MatrixRow(
        "Clear files of rejected videos",
        (*APPROVE, "delete_video"),
        (
            *_post("video_clear", videos="{video}:{revision}"),
            PageRequest("action:video:clear_selected"),
        ),
    ),
    MatrixRow(
        "Remixes: list, page, history, progress; files of their videos; batches with their grids; "
        "name own batches",
        VIEW_REMIXES,
        (
            *_both("remix_changelist"),
            *_get("remix_change"),
            *_both("remix_history"),
            *_get("remix_progress", remixes="{remix}"),
            *_get("remix_notices", "remixbatch_notices"),
            *_get("video_file", "video_captions", row="source"),
            PageRequest("action:remix:compare_selected"),
            *_both("remixbatch_changelist"),
            *_get("remixbatch_change", row="batch"),
            *_both("remixbatch_change", row="own_draft"),
            *_both("remixbatch_history", row="batch"),
            *_both("remixbatch_history", row="own_draft"),
        ),
    ),
    MatrixRow(
        "",
        (*VIEW_REMIXES, "confirm_any_draft"),
        (*_get("remixbatch_change", row="draft"), *_both("remixbatch_history", row="draft")),
    ),
    MatrixRow(
        "Name batches of others",
        (*VIEW_REMIXES, "change_remixbatch"),
        _post("remixbatch_change", row="batch"),
    ),
    MatrixRow(
        "Compare results in the grid",
        (*VIEW_REMIXES, *VIEW_VIDEOS),
        _cells("compare"),
    ),
    MatrixRow(
        "Remix results further in the grid",
        (*VIEW_REMIXES, *REMIX),
        _cells("further"),
    ),
    MatrixRow(
        "Cancel remixes",
        (*VIEW_REMIXES, "cancel_remix"),
        (
            *_both("remix_cancel", row="remix"),
            *_both("remix_cancel", remixes="{remix}"),
            *_cells("cancel"),
            PageRequest("action:remix:cancel_selected"),
        ),
    ),
    MatrixRow(
        "Collect results again",
        (*VIEW_REMIXES, "retry_remix"),
        (
            *_both("remix_collect_again", row="remix"),
            *_both("remix_collect_again", remixes="{remix}"),
            *_cells("collect_again"),
            PageRequest("action:remix:collect_selected"),
        ),
    ),
    MatrixRow(
        "Retry remixes",
        (*VIEW_REMIXES, "retry_remix", "remix_video"),
        (
            *_both("remix_retry", row="remix"),
            *_both("remix_retry", remixes="{remix}"),
            *_cells("retry"),
            PageRequest("action:remix:retry_selected"),
        ),
    ),
    MatrixRow(
        "Give up unconfirmed remixes, enter their request ids; resume sending",
        DECIDE,
        (
            *_both("remix_give_up", "remix_request_id", row="remix"),
            *_both("remix_resume"),
        ),
    ),
    MatrixRow(
        "Send unconfirmed remixes again",
        (*DECIDE, "remix_video"),
        _both("remix_send_again", row="remix"),
    ),
    MatrixRow(
        "On the page of a remix: fal's request ids, its raw errors, and the request that was sent",
        (*VIEW_REMIXES, "view_exchange"),
        (),
    ),
    MatrixRow(
        "Spend and its downloads; what remixes cost: in their list, on their page, in comparison, "
        "review and tree",
        (*VIEW_REMIXES, "view_costs"),
        _get("remix_spend", "remix_spend_groups", "remix_spend_remixes"),
    ),
    MatrixRow(
        "Prompt presets, own and shared: list, page, history",
        ("view_promptpreset",),
        (
            *_both("promptpreset_changelist"),
            *_get("promptpreset_change", "promptpreset_notices"),
            *_both("promptpreset_history"),
        ),
    ),
    MatrixRow("Add prompt presets", ("add_promptpreset",), _both("promptpreset_add")),
    MatrixRow("Change own prompt presets", ("change_promptpreset",), _post("promptpreset_change")),
    MatrixRow(
        "Delete own prompt presets",
        ("delete_promptpreset",),
        _both("promptpreset_delete"),
    ),
    MatrixRow(
        "",
        ("view_promptpreset", "delete_promptpreset"),
        (PageRequest("action:promptpreset:delete_selected"),),
    ),
    MatrixRow(
        "Exceed budgets, where remixes are requested",
        (*REMIX, "exceed_budget"),
        (),
    ),
    MatrixRow(
        "Budgets: list, page, history; notices about them",
        ("view_budget",),
        (
            *_both("budget_changelist"),
            *_get("budget_change", "budget_notices"),
            *_both("budget_history"),
        ),
    ),
    MatrixRow("Add budgets", ("add_budget",), _both("budget_add")),
    MatrixRow("Change the amount of budgets", ("change_budget",), _post("budget_change")),
    MatrixRow("Delete budgets", ("delete_budget",), _both("budget_delete")),
    MatrixRow(
        "",
        ("view_budget", "delete_budget"),
        (PageRequest("action:budget:delete_selected"),),
    ),
    MatrixRow(
        "",
        (NOBODY,),
        (
            *_both("remix_add", "remix_delete", "remixbatch_add"),
            *_both("remixbatch_delete", row="batch"),
            *_post("remix_change"),
            *_post("webhook"),
            *_get("video", row="video"),
        ),
    ),
    MatrixRow("", (ANYBODY,), _get("video", row="approved")),
    MatrixRow(
        # They lead on to the page of a row.
        "",
        (),
        tuple(
            PageRequest(f"{model}_<path:object_id>/", method)
            for model in ("video", "remix", "remixbatch", "promptpreset", "budget")
            for method in ("GET", "POST")
        ),
    ),
)
"""README's section *Permissions* lists those that have a text."""
ONLY_GET = (
    "video_captions",
    "video_choose",
    "video_compare",
    "video_file",
    "video_tree",
    "remix_progress",
    "remix_spend",
    "remix_spend_groups",
    "remix_spend_remixes",
    "video",
    *NOTICES,
)
ONLY_POST = (
    "video_approve",
    "video_reject",
    "video_clear",
    "video_title",
    "remixbatch_cells",
    "webhook",
)
"""URLs that answer 405 to the other method, and to HEAD where GET is refused."""
