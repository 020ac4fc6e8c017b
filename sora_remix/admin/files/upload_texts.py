"""What the script says about uploads, as attributes of the element that it reads them from."""

from __future__ import annotations

from django.forms.utils import flatatt
from django.utils.safestring import SafeString
from django.utils.translation import gettext

MANY = "%(many)s"
"""Placeholders that the script fills in."""
DONE = "%(done)s"
FAILED = "%(failed)s"


def script_texts() -> SafeString:
    """Return the `data-` attributes of the list of uploads."""
    texts = {**_states(), **_problems()}
    texts["summary"] = gettext("%(done)s of %(many)s uploaded.") % {"done": DONE, "many": MANY}
    texts["some-failed"] = gettext("%(failed)s failed.") % {"failed": FAILED}
    texts["remix-one"] = gettext("Remix this video")
    texts["remix-many"] = gettext("Remix these %(many)s videos") % {"many": MANY}
    return flatatt({f"data-{name}": text for name, text in texts.items()})


def _states() -> dict[str, str]:
    return {
        "waiting": gettext("Waiting"),
        "sending": gettext("Uploading"),
        "checking": gettext("Being checked"),
        "done": gettext("Uploaded"),
        "failed": gettext("Failed"),
    }


def _problems() -> dict[str, str]:
    return {
        "twice": gettext("This file is already in the list."),
        "folder": gettext("This is a folder. Drop the videos in it instead."),
        "lost": gettext("The connection was lost. Send it again."),
        "too-large": gettext(
            "The file is larger than this site accepts. Upload a smaller one, or ask an "
            "administrator."
        ),
        "logged-out": gettext(
            "You were logged out, or this page is too old. Log in in another tab, then send it "
            "again."
        ),
        "refused": gettext(
            "The server reported an error. Send it again later, or tell an administrator."
        ),
    }
