"""Settle an unconfirmed remix by entering its request id."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.core.validators import RegexValidator
from django.db import IntegrityError
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from ... import services
from ...database import retry_conflicts
from ...exceptions import InvalidTransition
from ...models import Remix, refusals
from ..links import Links
from ..pages import render_page
from ..permissions import DECIDE, require_perms
from ..visibility import get_row_or_404

if TYPE_CHECKING:
    from django.contrib.admin import ModelAdmin


FORM_ID = "sora-remix-request-id-form"
"""Id of the form that sends a request id; its field is inside Django's own form."""
TAKEN = _("Another remix already has this request id.")


class RequestIdForm(forms.Form):
    """Accept the request id that a person found in the account at fal."""

    request_id = forms.CharField(
        label=_("Request id"),
        max_length=255,
        validators=[
            RegexValidator(
                r"^[A-Za-z0-9][A-Za-z0-9._:-]*\Z",
                _("Use only letters and digits, with - _ . : between them."),
            )
        ],
        help_text=_("Copy it from your fal account."),
        widget=forms.TextInput(
            attrs={
                "class": "vTextField",
                "autocomplete": "off",
                "spellcheck": "false",
                "form": FORM_ID,
            }
        ),
    )

    def clean_request_id(self) -> str:
        request_id: str = self.cleaned_data["request_id"]
        if Remix.objects.filter(request_id=request_id).exists():
            raise forms.ValidationError(TAKEN, code="unique")
        return request_id


def enter_request_id(
    request: HttpRequest, pk: int, *, model_admin: ModelAdmin[Remix]
) -> HttpResponse:
    """Settle an unconfirmed remix by its request id at fal."""
    require_perms(model_admin, request, DECIDE)
    remix = get_row_or_404(model_admin, request, pk)
    form = RequestIdForm(request.POST if request.method == "POST" else None)
    try:
        if refusal := refusals.enter_request_id(remix):
            raise InvalidTransition(refusal)
        if not form.is_valid():
            return _show(request, remix, form, model_admin)
        _enter(model_admin, request, remix, form.cleaned_data["request_id"])
        said = _("The request id was saved. The result is being collected.")
        messages.success(request, said)
    except IntegrityError:
        form.add_error("request_id", TAKEN)
        return _show(request, remix, form, model_admin)
    except InvalidTransition as error:
        message = gettext("%(remix)s: %(reason)s")
        messages.warning(request, message % {"remix": remix, "reason": error})
    return HttpResponseRedirect(Links(model_admin.admin_site).change_url(remix))


def _show(
    request: HttpRequest, remix: Remix, form: RequestIdForm, model_admin: ModelAdmin[Remix]
) -> HttpResponse:
    links = Links(model_admin.admin_site)
    context = {
        "title": _("Enter request id: %(remix)s") % {"remix": remix},
        "remix": remix,
        "form": form,
        "request_id_url": links.remix_url("request_id", remix),
        "back_url": links.change_url(remix),
    }
    return render_page(request, model_admin, "request_id.html", context)


@retry_conflicts
def _enter(
    model_admin: ModelAdmin[Remix], request: HttpRequest, remix: Remix, request_id: str
) -> None:
    services.enter_request_id(remix, request_id, by=request.user)
    model_admin.log_change(request, remix, gettext("Enter request id"))
