"""Approving, rejecting and clearing videos, as they were seen."""

from __future__ import annotations

from abc import abstractmethod
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.template.defaultfilters import filesizeformat
from django.urls import URLPattern
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext, ngettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from ...database import ROWS_PER_QUERY, retry_conflicts
from ...exceptions import InvalidTransition
from ...models import Approval, Video
from ...models.approval import OVERTAKEN
from ..actions.base import ActionPreview, ActionResult, AdminAction
from ..actions.views import action_path, confirm_for_many
from ..formatting import html
from ..params import parse_revisions, read_text
from ..permissions import APPROVE, DELETE_VIDEO, has_perms
from ..visibility import filter_viewable

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin

    from ...endpoints.option import Text
    from ...models.users import User

NOTE_LENGTH = 2000
HIDDEN = _("It was deleted, or you don't have permission to view it.")


class VideoAction(AdminAction[Video]):
    """Act on videos that are still as the page showed them."""

    field = "videos"
    title = _("%(action)s: selected videos")
    counted = ngettext_lazy("%(many)s video", "%(many)s videos", "many")
    nothing_to_do = _(
        "There is nothing to do: none of the selected videos is in a state that allows this."
    )
    back_label = _("Back to the videos")

    def prepare(self, selected: QuerySet[Video]) -> QuerySet[Video]:
        return Video.objects.filter(pk__in=selected.order_by().values("pk")).order_by("pk")

    def state(self, row: Video) -> SafeString:
        return html.approval(row)

    def selection(self, preview: ActionPreview[Video]) -> str:
        return ",".join(f"{video.pk}:{video.revision}" for video in preview.rows)

    def confirm(self, model_admin: ModelAdmin[Video], request: HttpRequest) -> ActionResult:
        seen = parse_revisions(request.POST.get(self.field, ""), name=self.field)
        outcomes = self.run(model_admin, request, seen, read_note(request))
        done = outcomes.pop("", 0)
        return ActionResult(
            [str(self.done % {"many": done})] if done else [],
            [_describe_unchanged(many, reason) for reason, many in outcomes.items()],
        )

    def run(
        self, model_admin: ModelAdmin[Video], request: HttpRequest, seen: dict[int, str], note: str
    ) -> Counter[str]:
        """Do it to videos that are as they were seen; count why not, or "" where it is done."""
        outcomes: Counter[str] = Counter()
        pairs = iter(seen.items())
        while part := dict(islice(pairs, ROWS_PER_QUERY)):
            try:
                left = self._run_part(model_admin, request, part, note)
            except InvalidTransition as refusal:
                left = dict.fromkeys(part, str(refusal))
            visible = [pk for pk, reason in left.items() if reason != str(HIDDEN)]
            left |= dict.fromkeys(self.find_own(visible, request.user, note), "")
            outcomes.update(left.get(pk, "") for pk in part)
        return outcomes

    @retry_conflicts
    def _run_part(
        self, model_admin: ModelAdmin[Video], request: HttpRequest, seen: dict[int, str], note: str
    ) -> dict[int, str]:
        """Do it and log it in one transaction; return why not for each that is unchanged."""
        found = model_admin.get_queryset(request).in_bulk(list(seen))
        videos = filter_viewable(model_admin, request, found.values())
        left = self.perform(videos, seen, request.user, note)
        done = [video for video in videos if video.pk not in left]
        message = f"{self.label}: {note}" if note else str(self.label)
        user = cast("int", request.user.pk)  # the admin lets nobody else in
        LogEntry.objects.log_actions(user, done, CHANGE, message)
        return left | dict.fromkeys(seen.keys() - {video.pk for video in videos}, str(HIDDEN))

    @abstractmethod
    def perform(
        self, videos: Sequence[Video], seen: Mapping[int, str], by: User, note: str
    ) -> dict[int, str]:
        """Do it; return why not for each video that is unchanged."""

    def find_own(self, pks: Collection[int], by: User, note: str) -> Iterable[int]:
        """Return those to which this user has already done the same, as by a double click."""
        return ()


class ApprovalDecision(VideoAction):
    """Decide whether the site may show videos."""

    permissions = (APPROVE,)
    has_note = True
    note_length = NOTE_LENGTH
    approval: Approval

    def refusal(self, row: Video) -> Text | None:
        if row.cleared_at:
            return _("Its files have already been cleared.")
        return _("This has already been decided.") if row.approval == self.approval else None

    def perform(
        self, videos: Sequence[Video], seen: Mapping[int, str], by: User, note: str
    ) -> dict[int, str]:
        shown = {video.pk: seen[video.pk] for video in videos}
        done = Video.objects.all().decide(self.approval, seen=shown, by=by, note=note)
        return dict.fromkeys(shown.keys() - done, str(OVERTAKEN))

    def find_own(self, pks: Collection[int], by: User, note: str) -> Iterable[int]:
        if not pks:
            return ()
        same = {"approval": self.approval, "approval_note": note, "decided_by": by.pk}
        own = Video.objects.filter(pk__in=pks, cleared_at=None, **same)
        return own.values_list("pk", flat=True)


class Approve(ApprovalDecision):
    name = "approve"
    approval = Approval.APPROVED
    label = counted_as = _("Approve")
    list_label = _("Approve selected videos")
    meaning = _("The site may show these videos from now on.")
    button_label = ngettext_lazy("Approve %(many)d video", "Approve %(many)d videos", "many")
    done = ngettext_lazy("%(many)d video was approved.", "%(many)d videos were approved.", "many")


class Reject(ApprovalDecision):
    name = "reject"
    approval = Approval.REJECTED
    label = counted_as = _("Reject")
    list_label = _("Reject selected videos")
    meaning = _("The site does not show these videos. Their files stay until they are cleared.")
    button_label = ngettext_lazy("Reject %(many)d video", "Reject %(many)d videos", "many")
    done = ngettext_lazy("%(many)d video was rejected.", "%(many)d videos were rejected.", "many")


class ClearFiles(VideoAction):
    name = "clear"
    permissions = (APPROVE, DELETE_VIDEO)
    deletes_files = True
    label = counted_as = _("Clear files")
    list_label = _("Clear files of selected rejected videos")
    meaning = _(
        "The files that this app stored for these rejected videos are deleted for good. "
        "Files from elsewhere on your site are kept. Sources, costs and decisions stay "
        "on record."
    )
    button_label = ngettext_lazy("Clear %(many)d video", "Clear %(many)d videos", "many")
    done = ngettext_lazy("%(many)d video was cleared.", "%(many)d videos were cleared.", "many")

    def prepare(self, selected: QuerySet[Video]) -> QuerySet[Video]:
        clearable = Video.objects.clearable().order_by().filter(pk=OuterRef("pk"))
        return super().prepare(selected).annotate(_is_clearable=Exists(clearable))

    def refusal(self, row: Video) -> Text | None:
        if row._is_clearable:  # type: ignore[attr-defined]
            return None
        if row.cleared_at:
            return _("Its files have already been cleared.")
        if row.approval != Approval.REJECTED:
            return _("It has not been rejected.")
        if row.file:
            return _("A remix in progress still needs this file.")
        return _("The site has no file for this video.")

    def facts(self, rows: Sequence[Video]) -> list[tuple[Text, object]]:
        """Sum up the files that are deleted, and those that stay because others put them there."""
        deleted = sum(len(video.owned_files()) for video in rows)
        files = sum(bool(getattr(video, field)) for video in rows for field in video.FILE_FIELDS)
        size = sum(video.size or 0 for video in rows if video.owned_files("file"))
        facts: list[tuple[Text, object]] = [
            (_("Space freed"), filesizeformat(size)),
            (_("Files deleted"), deleted),
        ]
        return [*facts, (_("Files kept"), files - deleted)] if files > deleted else facts

    def perform(
        self, videos: Sequence[Video], seen: Mapping[int, str], by: User, note: str
    ) -> dict[int, str]:
        left = {}
        for video in videos:
            try:
                video.clear(seen=seen[video.pk])
            except InvalidTransition as refusal:
                left[video.pk] = str(refusal)
        return left


APPROVE_VIDEOS, REJECT_VIDEOS, CLEAR_FILES = Approve(), Reject(), ClearFiles()


def urls(model_admin: ModelAdmin[Video]) -> list[URLPattern]:
    """Return the URLs at which decisions about selected videos are confirmed."""
    view = require_POST(confirm_for_many)
    actions = (APPROVE_VIDEOS, REJECT_VIDEOS, CLEAR_FILES)
    return [action_path(model_admin, action, view) for action in actions]


def reset_approval(
    model_admin: ModelAdmin[Video], request: HttpRequest, video: Video, changed: Iterable[str]
) -> None:
    """Withdraw the approval of a video if somebody who may not approve changed what it shows."""
    if has_perms(request, APPROVE) or set(video.SHOWN_FIELDS).isdisjoint(changed):
        return
    if Video.objects.filter(pk=video.pk).reset_approval(by=request.user):
        model_admin.log_change(request, video, gettext("Approval withdrawn by a change"))
        message = gettext(
            "“%(title)s” must be approved again because the site shows what you changed."
        )
        messages.warning(request, message % {"title": video.title})


def read_note(request: HttpRequest) -> str:
    """Read the note of a form; raise `BadRequest` for what no database keeps."""
    return read_text(request.POST, "note", most=NOTE_LENGTH)


def _describe_unchanged(many: int, reason: str) -> str:
    message = ngettext(
        "%(many)d video was not changed: %(reason)s",
        "%(many)d videos were not changed: %(reason)s",
        many,
    )
    return message % {"many": many, "reason": reason}
