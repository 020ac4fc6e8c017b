"""Exceptions of the app, each with a default message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class SoraRemixError(Exception):
    """Something went wrong with a remix."""

    otherwise: ClassVar[str | _StrPromise] = _("Something went wrong with a remix.")
    """The default message."""

    def __init__(self, message: str | _StrPromise = "") -> None:
        self.message = message or self.otherwise
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class UnknownEndpoint(SoraRemixError):
    """No endpoint has this key."""

    otherwise = _("No endpoint has this key. Check SORA_REMIX_ENDPOINT and SORA_REMIX_ENDPOINTS.")


class InvalidEndpoint(SoraRemixError):
    """An endpoint record in SORA_REMIX_ENDPOINTS can't be read."""

    otherwise = _("An endpoint record in SORA_REMIX_ENDPOINTS can't be read.")


class InvalidTransition(SoraRemixError):
    """The remix is no longer in a state that allows this."""

    otherwise = _("The remix is no longer in a state that allows this. Check it again.")


class OpenTransaction(SoraRemixError):
    """Sending or storing was tried inside a transaction, whose rollback would lose the payment."""

    otherwise = _(
        "Nothing can be sent or stored inside a database transaction: a rollback would lose the "
        "record of what was paid."
    )


@dataclass(frozen=True)
class Reason:
    """State why a request is refused, and which field causes it."""

    field: str
    """Name of the argument: `prompts`, `videos`, `endpoint`, `budget`, or the name of an option."""

    message: str | _StrPromise


class RequestRefused(SoraRemixError):
    """The request was refused, free of charge. `reasons` lists every problem."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(str(reason.message) for reason in reasons))


class RemoteError(SoraRemixError):
    """fal or its file server could not be reached."""

    otherwise = _("fal or its file server could not be reached.")


class TryLater(RemoteError):
    """There is no answer yet. Nothing is lost; try again later."""

    otherwise = _("There is no answer yet. Nothing is lost. Try again later.")


class AccountUnusable(TryLater):
    """fal accepts nothing from the account at present. `code` says why."""

    otherwise = _("fal accepts nothing from the site's account at present.")

    def __init__(self, code: str, message: str | _StrPromise) -> None:
        self.code = code
        super().__init__(message)


class NotReady(TryLater):
    """fal is still working on it."""

    otherwise = _("fal is still working on it.")


class RemoteFailure(RemoteError):
    """fal reports a final failure. `code` is fal's own error type, or one of the app's."""

    otherwise = _("fal reports that it has finished.")

    def __init__(self, code: str, message: str | _StrPromise) -> None:
        self.code = code
        super().__init__(message)


class RemoteCancelled(RemoteFailure):
    """fal reports that the request was cancelled before it started."""

    otherwise = _("fal reports that it was cancelled before it started.")


class SourceUnreachable(SoraRemixError):
    """A file in the request has no URL that fal can load."""

    otherwise = _("A file in the request has no URL that fal can load.")


class InvalidFileName(SoraRemixError):
    """The storage returned a file name that no column can hold."""

    otherwise = _("The storage returned an invalid file name.")


class VideoRefused(SoraRemixError):
    """A file can't be added as a video. Nothing was added."""

    otherwise = _("The file can't be added as a video.")


class AlreadyAdded(VideoRefused):
    """The file is already that of another video, whose primary key is `pk`."""

    def __init__(self, message: str | _StrPromise, pk: int) -> None:
        self.pk = pk
        super().__init__(message)


class StorageUnavailable(SoraRemixError):
    """The storage can't say which files it has: it may be down, or refuse the site."""

    otherwise = _(
        "The storage can't be reached. Try again later, or ask an administrator. What was added "
        "before is kept."
    )


class SourceReplaced(SoraRemixError):
    """The site replaced the file of a video after it was read."""

    otherwise = _(
        "The file of this video was replaced on the site after it was read. Nothing was sent and "
        "nothing was charged. Check the video, then request the remix again."
    )


class FileGone(RemoteError):
    """The file server no longer has the file behind this URL."""

    otherwise = _("The file server no longer has the file behind this URL.")


class FileRefused(RemoteError):
    """The file's host, size or type is not allowed."""

    otherwise = _(
        "This site doesn't allow downloading the file because of its host, size or file type."
    )


class Undecodable(RemoteError):
    """The file can't be decoded."""

    otherwise = _("The file can't be decoded.")

    def __init__(self, message: str | _StrPromise = "", *, is_over_limit: bool = False) -> None:
        super().__init__(message)
        self.is_over_limit = is_over_limit
        """Whether decoding would exceed a limit of the server. The message names the limit."""


class NotAVideo(Undecodable):
    """The file is not a video that can be played."""

    otherwise = _("The file is not a video that can be played.")


class SourceUnreadable(NotAVideo):
    """The video is damaged somewhere in the part that is needed."""

    otherwise = _("The video is damaged.")

    def __init__(self, second: Decimal) -> None:
        message = _("The video is damaged. It can't be read beyond %(second)s seconds.")
        super().__init__(message % {"second": second})
        self.second = second
        """Seconds from the first picture."""


class ClipTooLarge(SoraRemixError):
    """No clip of this part is as small as it has to be."""

    otherwise = _("The clip can't be made small enough. Choose a shorter part.")


class NotAnImage(Undecodable):
    """The file is not a picture that can be shown."""

    otherwise = _("The file is not a picture that can be shown.")


class WebhookRefused(SoraRemixError):
    """The call is not a recent one that fal signed for this account."""

    otherwise = _(
        "The call could not be verified. fal must have signed it for this account within the "
        "last five minutes."
    )
