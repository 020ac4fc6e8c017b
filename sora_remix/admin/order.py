"""An order as it stands: a draft with what was chosen and typed so far."""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cached_property
from typing import Any

from django.contrib.admin.helpers import AdminForm
from django.utils.translation import gettext_lazy as _

from ..exceptions import Reason
from ..models import ReferenceImage, RemixBatch
from .bill import Bill
from .images import Kept, keep
from .offer import is_retired, offered
from .order_forms import OptionsForm, OrderForm

RECALCULATE = "_recalculate"
"""Name of the button that shows everything anew, and confirms nothing."""
TURN = "_page"
"""Name of the buttons that turn pages: they keep what was typed, and confirm nothing."""
SHOWN = "_shown"
"""Name of the field with the endpoint whose options are on the page."""
REMOVE = "_remove"
"""Name of the boxes that remove images."""
TERMS = "_terms"
"""Name of the field with what the page says will be made and paid."""
CHANGED = _(
    "Nothing was sent: the videos, the images, the endpoint, its options or the cost are not those "
    "that this page showed. Look at it again, then confirm."
)


class Order:
    """A draft with an endpoint, options and images; raise `UnknownEndpoint`, `InvalidEndpoint`."""

    def __init__(self, batch: RemixBatch, data: Any = None, files: Any = None) -> None:
        self.batch = batch
        self._data, self._files = data, files
        sent = {} if data is None else data
        self.is_final = data is not None and RECALCULATE not in sent and TURN not in sent
        videos = list(batch.videos.all())
        self.images: list[ReferenceImage] = list(batch.images.all())
        self.offered = offered(videos)
        self.endpoint = self.offered.endpoint(sent.get("endpoint", "")) or self.offered.preferred
        # A box that is not ticked is not sent: only of options on the page is that a choice.
        is_shown = sent.get(SHOWN) == self.endpoint.key
        self.options_form = OptionsForm(data if is_shown else None, endpoint=self.endpoint)
        self.bill = Bill(videos, self.endpoint, self.options_form.chosen())

    def take(self) -> None:
        """Keep and remove images as it was sent, and find all that is wrong with the rest."""
        self._remove_images()
        is_agreed = self._data.get(TERMS) == self.terms
        self.form.full_clean()
        if uploads := self.form.cleaned_data.get("images"):
            keep(self.batch, uploads)
            self.images = list(self.batch.images.all())
        for problem in dict.fromkeys(one.problem for one in self.kept if one.problem):
            self.form.add_error("images", problem)
        self.add_reasons(self.endpoint.option_problems(self.options))
        if self.is_final and not is_agreed:
            self.form.add_error(None, CHANGED)

    @cached_property
    def form(self) -> OrderForm:
        return OrderForm(
            self._data,
            self._files,
            offered=self.offered,
            record=self.endpoint,
            images=self.images,
            is_final=self.is_final,
        )

    @property
    def is_wrong(self) -> bool:
        return bool(self.form.errors or self.options_form.errors)

    @property
    def options(self) -> dict[str, Any]:
        """Return what was chosen, the images by their names in the storage among it."""
        names = [str(image.file.name) for image in self.images]
        references = self.endpoint.references
        images = {references.param: names} if references and names else {}
        return self.options_form.chosen() | images

    @property
    def terms(self) -> str:
        """Return what an editor agrees to, to be compared when they confirm."""
        return json.dumps([*self.bill.terms, [one.image.pk for one in self.kept]])

    @property
    def kept(self) -> list[Kept]:
        """Return the images of the draft, where the endpoint takes any."""
        if not (references := self.endpoint.references):
            return []
        return [Kept(image, number, references) for number, image in enumerate(self.images, 1)]

    @property
    def image_limits(self) -> str:
        """Say which images are taken."""
        references = self.endpoint.references
        return ". ".join(map(str, references.limits())) if references else ""

    @property
    def is_retired(self) -> bool:
        return is_retired(self.endpoint)

    @property
    def prompt_set(self) -> AdminForm:
        return AdminForm(self.form, [(None, {"fields": ["prompt"]})], {})  # type: ignore[arg-type]

    @property
    def option_sets(self) -> AdminForm:
        return AdminForm(self.options_form, self.options_form.fieldsets, {})  # type: ignore[arg-type]

    def add_reasons(self, reasons: Iterable[Reason]) -> None:
        """Put each reason of a refusal beside the field it is about."""
        references = self.endpoint.references
        names = {"prompts": "prompt", references.param if references else None: "images"}
        for reason in reasons:
            name = names.get(reason.field, reason.field)
            if name in self.options_form.fields and self.options_form.is_bound:
                self.options_form.add_error(name, str(reason.message))
            elif name != "images" or not self.form.has_error("images"):
                field = name if name in self.form.fields else None
                self.form.add_error(field, str(reason.message))

    def _remove_images(self) -> None:
        ticked = set(self._data.getlist(REMOVE))
        if removed := [image.pk for image in self.images if str(image.pk) in ticked]:
            ReferenceImage.objects.discard(self.batch, removed)
            self.images = list(self.batch.images.all())
