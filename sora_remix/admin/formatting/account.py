"""Why fal accepts nothing from the site's account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from ...fal import HoldCode

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise

HOLD_CAUSES: dict[str, _StrPromise] = {
    HoldCode.KEY_MISSING: _("The workers have no key for fal."),
    HoldCode.KEY_REFUSED: _("fal refuses the site's key."),
    HoldCode.ACCOUNT_LOCKED: _(
        "fal has locked the site's account, usually because its balance is used up."
    ),
}
