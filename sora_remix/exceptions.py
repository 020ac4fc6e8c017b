"""What can go wrong, as classes that have a message for when none is given."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class SoraRemixError(Exception):
    """Something about a remix went wrong."""

    otherwise: ClassVar[str | _StrPromise] = _("Something about a remix went wrong.")
    """The message when none is given."""

    def __init__(self, message: str | _StrPromise = "") -> None:
        self.message = message or self.otherwise
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class UnknownEndpoint(SoraRemixError):
    """No endpoint has this key; SORA_REMIX_ENDPOINT and SORA_REMIX_ENDPOINTS name them."""

    otherwise = _(
        "No endpoint has this key; SORA_REMIX_ENDPOINT and SORA_REMIX_ENDPOINTS name them."
    )


class InvalidEndpoint(SoraRemixError):
    """An endpoint record in SORA_REMIX_ENDPOINTS can't be read."""

    otherwise = _("An endpoint record in SORA_REMIX_ENDPOINTS can't be read.")


class InvalidTransition(SoraRemixError):
    """The remix is no longer in a state that allows this; look at it again."""

    otherwise = _("The remix is no longer in a state that allows this. Check it again.")


class OpenTransaction(SoraRemixError):
    """Sending or storing was tried inside a transaction: a rollback would forget what was paid."""

    otherwise = _(
        "Nothing can be sent or stored inside a database transaction: a rollback would lose the "
        "record of what was paid."
    )


@dataclass(frozen=True)
class Reason:
    """Say why something asked for can't be done, and which field is to blame."""

    field: str
    """Name of the argument: `prompts`, `videos`, `endpoint`, or the name of an option."""

    message: str | _StrPromise


class RequestRefused(SoraRemixError):
    """Nothing was written and nothing will be paid; `reasons` names all that is wrong."""

    def __init__(self, reasons: Sequence[Reason]) -> None:
        self.reasons = tuple(reasons)
        super().__init__(" ".join(str(reason.message) for reason in reasons))


class RemoteError(SoraRemixError):
    """fal or its file server could not be asked."""

    otherwise = _("fal or its file server could not be asked.")


class TryLater(RemoteError):
    """The answer will come later: nothing is lost, ask again."""

    otherwise = _("The answer will come later. Nothing is lost. Ask again.")


class NotReady(TryLater):
    """fal is still working on it."""

    otherwise = _("fal is still working on it.")


class RemoteFailure(RemoteError):
    """fal says that it is over; `code` is fal's own type, or one of ours."""

    otherwise = _("fal reports that it has finished.")

    def __init__(self, code: str, message: str | _StrPromise) -> None:
        self.code = code
        super().__init__(message)


class RemoteCancelled(RemoteFailure):
    """fal says that it was cancelled before it made anything."""

    otherwise = _("fal reports that it was cancelled before it started.")


class SourceUnreachable(SoraRemixError):
    """A file that is sent along has no URL that fal can load."""

    otherwise = _("A file that is sent along has no URL that fal can load.")


class InvalidFileName(SoraRemixError):
    """The storage returned a name for a file that no column can hold."""

    otherwise = _("The storage returned an invalid file name.")


class FileGone(RemoteError):
    """The file server no longer has the file behind this URL."""

    otherwise = _("The file server no longer has the file behind this URL.")


class FileRefused(RemoteError):
    """The file may not be downloaded: its host, size or kind is not allowed."""

    otherwise = _("The file may not be downloaded: its host, size or kind is not allowed.")


class Undecodable(RemoteError):
    """The file can't be decoded."""

    otherwise = _("The file can't be decoded.")

    def __init__(self, message: str | _StrPromise = "", *, is_over_limit: bool = False) -> None:
        super().__init__(message)
        self.is_over_limit = is_over_limit
        """Whether it would take more than a server can spare; the message names the limit."""


class NotAVideo(Undecodable):
    """The file is not a video that can be played."""

    otherwise = _("The file is not a video that can be played.")


class NotAnImage(Undecodable):
    """The file is not a picture that can be shown."""

    otherwise = _("The file is not a picture that can be shown.")


class WebhookRefused(SoraRemixError):
    """The call does not prove that it comes from fal, for this account, just now."""

    otherwise = _("The call does not prove that it comes from fal, for this account, just now.")
