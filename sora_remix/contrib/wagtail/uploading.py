"""The form in the chooser that uploads a video."""

from __future__ import annotations

from uuid import uuid4

from django import forms
from django.utils.translation import gettext_lazy as _

from ...admin.files.forms import ACCEPTED
from ...models import Video


class ChooserUploadForm(forms.Form):
    """Take a file and its title. What the file must be is checked when it is added."""

    title = forms.CharField(
        label=_("Title"),
        max_length=Video._meta.get_field("title").max_length,
        required=False,
        help_text=_("Leave empty to use the name of the file."),
    )
    file = forms.FileField(
        label=_("File"),
        widget=forms.FileInput({"accept": ",".join(f".{one}" for one in ACCEPTED)}),
    )
    upload_key = forms.UUIDField(widget=forms.HiddenInput, initial=uuid4)
