"""Why remixes fail, and what an editor can do about it."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum, auto
from typing import TYPE_CHECKING

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ...models import Remix
from ...models.charges import CHARGED_CODES, FREE_CODES, FREE_PREFIXES
from .input_errors import INPUTS, remedy

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

CAUSES: dict[str, _StrPromise] = {
    "credentials_refused": _(
        "fal rejected the site's key, or its account has no money left. An "
        "administrator must fix this."
    ),
    "endpoint_retired": _("fal no longer offers this model."),
    "source_not_remixable": _("The source can't be remixed with this model."),
    "source_unreachable": _("fal could not load the source."),
    "cannot_reach_fal": _("fal could not be reached for a long time, so the remix was never sent."),
    "request_not_sendable": _(
        "This site could not build the request, for example because a text or a file "
        "name can't be sent. Nothing was sent."
    ),
    "result_not_storable": _(
        "fal made the video, but this site could not store it. The database refused a "
        "value, or the app has a bug."
    ),
    "result_missing": _("fal finished, but returned no video."),
    "result_refused": _(
        "The result was not stored. This site doesn't allow its server, size or file "
        "type, or the storage returned an invalid file name."
    ),
    "result_expired": _("fal no longer has the result: it could not be stored in time."),
    "not_a_video": _("fal's result is not a playable video."),
    "given_up": _("It was given up. It was never found out whether fal received it."),
    "content_policy_violation": _("fal refused it because of its content rules."),
    **{code: fault.cause for code, fault in INPUTS.items()},
    "generation_timeout": _("fal took too long and stopped."),
    "request_timeout": _("fal had no free machine in time."),
    "startup_timeout": _("fal had no free machine in time."),
    "internal_server_error": _("Something went wrong at fal."),
    "downstream_service_error": _("The provider behind fal returned an error."),
    "downstream_service_unavailable": _("The provider behind fal was not available."),
    "client_cancelled": _("It was cancelled at fal before it started."),
}
FILE_AWAY = _(
    "The file of the video was replaced or removed, or could not be loaded. Nothing was sent."
)
"""The cause where the file that can't be reached is our own."""
TEMPORARY_CODES = (FREE_CODES - {"client_cancelled"}) | {
    "cannot_reach_fal",
    "downstream_service_error",
    "given_up",
}
"""Temporary errors (https://fal.ai/docs/documentation/model-apis/errors)."""
SITE_CODES = {"credentials_refused", "endpoint_retired", "request_not_sendable"}
"""Errors that an administrator must fix."""
CONTENT_CODES = {"content_policy_violation"}


class Failure(Enum):
    """The kinds of failures that an editor needs to tell apart."""

    CONTENT = auto()
    INPUT = auto()
    FAULT = auto()
    SITE = auto()
    RESULT = auto()
    GIVEN_UP = auto()
    UNKNOWN = auto()


LABELS: dict[Failure, _StrPromise] = {
    Failure.CONTENT: _("Content refused"),
    Failure.INPUT: _("Invalid input"),
    Failure.FAULT: _("Technical problem"),
    Failure.SITE: _("Needs an administrator"),
    Failure.RESULT: _("Finished, but not stored"),
    Failure.GIVEN_UP: _("Given up"),
    Failure.UNKNOWN: _("Unknown reason"),
}
KINDS: dict[str, Failure] = {
    **dict.fromkeys(FREE_CODES | TEMPORARY_CODES, Failure.FAULT),
    **dict.fromkeys(INPUTS, Failure.INPUT),
    **dict.fromkeys(CONTENT_CODES, Failure.CONTENT),
    **dict.fromkeys(CHARGED_CODES, Failure.RESULT),
    **dict.fromkeys(SITE_CODES, Failure.SITE),
    "given_up": Failure.GIVEN_UP,
    "source_not_remixable": Failure.INPUT,
    "source_unreachable": Failure.FAULT,
}


def failure(remix: Remix) -> Failure:
    """Classify the failure of a remix."""
    code = remix.error_code
    if known := KINDS.get(code):
        return known
    if code.startswith(FREE_PREFIXES):
        return Failure.FAULT
    is_refused = code == "http_422" or remix.error_message.startswith("HTTP 422")
    return Failure.INPUT if is_refused else Failure.UNKNOWN


def cause(remix: Remix) -> str:
    """Say why it failed, without fal's own message: not everybody may see that."""
    if remix.recipe and not remix.submitted_at and remix.error_code == "source_unreachable":
        return str(FILE_AWAY)
    if remix.error_code == "source_unusable" and remix.error_message:
        return f"{CAUSES[remix.error_code]} {remix.error_message}"  # a message of our own
    if known := CAUSES.get(remix.error_code):
        return str(known)
    if remix.error_message or remix.error_code:
        return gettext(
            "fal returned an error this site doesn't know. See “Exchange with fal” below."
        )
    return gettext("It failed for an unknown reason.")


def advice(remix: Remix) -> Iterator[str]:
    """Say what to change, and whether retrying can help."""
    code = remix.error_code
    if code in INPUTS:
        yield remedy(code, remix.error_message)
    if code == "result_refused":
        yield gettext("Once the site's settings allow it, collect it again: that is free.")
    elif code in CHARGED_CODES:
        yield gettext("Collect it again first: that is free.")
    elif code in SITE_CODES:
        yield gettext("Retrying won't help until an administrator has fixed this.")
    elif code in TEMPORARY_CODES or code.startswith(FREE_PREFIXES):
        yield gettext("Retrying may help.")
    elif code in INPUTS:
        yield gettext("Retrying won't help unless you change something.")
    elif code:
        yield gettext("Retrying only helps with another prompt or video.")
