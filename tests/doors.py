"""Every page and action of the app with the permissions that open it, as README lists them."""

from __future__ import annotations

from dataclasses import dataclass

NOBODY = "nobody"
"""Closed to superusers as well."""
ANYBODY = "anybody"
"""Open without login."""


@dataclass(frozen=True)
class Place:
    """What is asked for at one URL."""

    url: str
    """Its name without “sora_remix_”, or “action:” and the name of an action."""
    method: str = "GET"
    row: str = ""
    """Which row of the world it is about, unless that follows from the name."""
    data: tuple[tuple[str, str], ...] = ()
    """What is sent, with the primary keys of rows, or the revision of the video, in braces."""


@dataclass(frozen=True)
class Door:
    """Places that the same permissions open."""

    text: str
    """What README calls it; empty for what README does not list."""
    needs: tuple[str, ...]
    places: tuple[Place, ...]

    @property
    def line(self) -> str:
        """Return its line of README's table."""
        return f"| {self.text} | {', '.join(f'`{one}`' for one in self.needs)} |"


def _get(*urls: str, row: str = "", **data: str) -> tuple[Place, ...]:
    return tuple(Place(url, "GET", row, tuple(data.items())) for url in urls)


def _post(*urls: str, row: str = "", **data: str) -> tuple[Place, ...]:
    return tuple(Place(url, "POST", row, tuple(data.items())) for url in urls)


def _both(*urls: str, row: str = "", **data: str) -> tuple[Place, ...]:
    return (*_get(*urls, row=row, **data), *_post(*urls, row=row, **data))


def _cells(action: str) -> tuple[Place, ...]:
    return _post("remixbatch_cells", row="batch", action=action, cell="{remix}")


VIEW_VIDEOS, REMIX = ("view_video",), ("view_video", "remix_video")
VIEW_REMIXES, DECIDE = ("view_remix",), ("view_remix", "decide_unconfirmed")
APPROVE = ("view_video", "approve_video")
DOORS = (
    Door(
        "Videos: list, page, history, files, captions, comparison, tree",
        VIEW_VIDEOS,
        (
            *_both("video_changelist"),
            *_both("video_history"),
            *_get("video_change", "video_captions", "video_tree"),
            *_get("video_file"),
            *_get("video_file", "video_captions", row="source"),
            *_get("video_compare", left="{video}", right="{source}"),
            Place("action:video:compare_selected"),
        ),
    ),
    Door("Add videos", ("add_video",), _both("video_add")),
    Door("Change title, captions, Sora id", ("change_video",), _post("video_change")),
    Door(
        "Delete videos",
        ("delete_video",),
        _both("video_delete"),
    ),
    Door("", ("view_video", "delete_video"), (Place("action:video:delete_selected"),)),
    Door(
        "Remix videos: from the list and the tree; confirm and discard own drafts",
        REMIX,
        (
            Place("action:video:remix_selected"),
            *_post("video_tree", video="{video}"),
            *_both("remixbatch_confirm", row="own_draft"),
            *_both("remixbatch_delete", row="own_draft"),
        ),
    ),
    Door(
        "Confirm and discard drafts of others",
        (*REMIX, "confirm_any_draft"),
        (
            *_both("remixbatch_confirm", row="draft"),
            *_both("remixbatch_delete", row="draft"),
        ),
    ),
    Door(
        "Approve and reject videos, review new ones",
        APPROVE,
        (
            *_get("video_review"),
            *_post("video_review", decision="approve", shown="x"),
            *_post("video_approve", "video_reject", videos="{video}:{revision}"),
            Place("action:video:approve_selected"),
            Place("action:video:reject_selected"),
        ),
    ),
    Door(
        "Clear files of rejected videos",
        (*APPROVE, "delete_video"),
        (
            *_post("video_clear", videos="{video}:{revision}"),
            Place("action:video:clear_selected"),
        ),
    ),
    Door(
        "Remixes: list, page, history, progress; files of their videos; batches with their grids",
        VIEW_REMIXES,
        (
            *_both("remix_changelist"),
            *_get("remix_change"),
            *_both("remix_history"),
            *_get("remix_progress", remixes="{remix}"),
            *_get("video_file", "video_captions", row="source"),
            Place("action:remix:compare_selected"),
            *_both("remixbatch_changelist"),
            *_get("remixbatch_change", row="batch"),
            *_get("remixbatch_change", row="own_draft"),
            *_both("remixbatch_history", row="batch"),
            *_both("remixbatch_history", row="own_draft"),
        ),
    ),
    Door(
        "",
        (*VIEW_REMIXES, "confirm_any_draft"),
        (*_get("remixbatch_change", row="draft"), *_both("remixbatch_history", row="draft")),
    ),
    Door(
        "Compare results in the grid",
        (*VIEW_REMIXES, *VIEW_VIDEOS),
        _cells("compare"),
    ),
    Door(
        "Remix results further in the grid",
        (*VIEW_REMIXES, *REMIX),
        _cells("further"),
    ),
    Door(
        "Cancel remixes",
        (*VIEW_REMIXES, "cancel_remix"),
        (
            *_both("remix_cancel", row="remix"),
            *_both("remix_cancel", remixes="{remix}"),
            *_cells("cancel"),
            Place("action:remix:cancel_selected"),
        ),
    ),
    Door(
        "Collect results again",
        (*VIEW_REMIXES, "retry_remix"),
        (
            *_both("remix_collect_again", row="remix"),
            *_both("remix_collect_again", remixes="{remix}"),
            *_cells("collect_again"),
            Place("action:remix:collect_selected"),
        ),
    ),
    Door(
        "Retry remixes",
        (*VIEW_REMIXES, "retry_remix", "remix_video"),
        (
            *_both("remix_retry", row="remix"),
            *_both("remix_retry", remixes="{remix}"),
            *_cells("retry"),
            Place("action:remix:retry_selected"),
        ),
    ),
    Door(
        "Give up unconfirmed remixes, enter their request ids; resume sending",
        DECIDE,
        (
            *_both("remix_give_up", "remix_request_id", row="remix"),
            *_both("remix_resume"),
        ),
    ),
    Door(
        "Send unconfirmed remixes again",
        (*DECIDE, "remix_video"),
        _both("remix_send_again", row="remix"),
    ),
    Door(
        "On the page of a remix: fal's request ids, its raw errors, and the request that was sent",
        (*VIEW_REMIXES, "view_exchange"),
        (),
    ),
    Door(
        "Prompt presets, own and shared: list, page, history",
        ("view_promptpreset",),
        (
            *_both("promptpreset_changelist"),
            *_get("promptpreset_change"),
            *_both("promptpreset_history"),
        ),
    ),
    Door("Add prompt presets", ("add_promptpreset",), _both("promptpreset_add")),
    Door("Change own prompt presets", ("change_promptpreset",), _post("promptpreset_change")),
    Door(
        "Delete own prompt presets",
        ("delete_promptpreset",),
        _both("promptpreset_delete"),
    ),
    Door(
        "",
        ("view_promptpreset", "delete_promptpreset"),
        (Place("action:promptpreset:delete_selected"),),
    ),
    Door(
        "",
        (NOBODY,),
        (
            *_both("remix_add", "remix_delete", "remixbatch_add"),
            *_both("remixbatch_delete", row="batch"),
            *_post("remix_change"),
            *_post("remixbatch_change", row="batch"),
            *_post("remixbatch_change", row="own_draft"),
            *_post("webhook"),
            *_get("video", row="video"),
        ),
    ),
    Door("", (ANYBODY,), _get("video", row="approved")),
    Door(
        # They lead on to the page of a row.
        "",
        (),
        tuple(
            Place(f"{model}_<path:object_id>/", method)
            for model in ("video", "remix", "remixbatch", "promptpreset")
            for method in ("GET", "POST")
        ),
    ),
)
"""README's section *Permissions* lists those that have a text."""
ONLY_GET = ("video_captions", "video_compare", "video_file", "remix_progress", "video")
ONLY_POST = ("video_approve", "video_reject", "video_clear", "remixbatch_cells", "webhook")
"""URLs that answer 405 to the other method, and to HEAD where GET is refused."""
