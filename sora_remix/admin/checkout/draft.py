"""A draft with everything that was chosen and typed so far."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Any, cast

from django.contrib.admin.helpers import AdminForm
from django.forms.boundfield import BoundField
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext_lazy as _

from ... import placeholders, services
from ...exceptions import Reason, RequestRefused
from ...models import PromptPreset, ReferenceImage, RemixBatch, Video
from ..visibility import find_viewable_rows, get_rows
from .cells import CellGrid
from .endpoints import endpoint_choices, is_retired
from .forms import DraftForm, OptionsForm
from .images import DraftImage, store_images
from .prompts import ADD_PROMPT, REMOVE_PROMPT, USE_PRESET, Prompts
from .quote import Quote

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

    from ...models.preset import PromptPresetQuerySet

RECALCULATE = "_recalculate"
"""Name of the button that updates the page."""
TURN_PAGE = "_page"
"""Name of the buttons that show other videos."""
ENTER = "_enter"
"""Name of the hidden button that the Enter key presses: it updates the page as well."""
NOT_FINAL = frozenset((RECALCULATE, TURN_PAGE, ENTER, ADD_PROMPT, REMOVE_PROMPT, USE_PRESET))
"""Names of the buttons that don't confirm the draft."""
SHOWN_ENDPOINT = "_shown"
"""Name of the field with the endpoint whose options are on the page."""
REMOVE_IMAGE = "_remove"
"""Name of the checkboxes that remove images."""
TERMS = "_terms"
"""Name of the field with the terms that the page shows."""
CHANGED = _(
    "Nothing was sent, because the selection or the cost changed while this page "
    "was open. Check it and confirm again."
)


@dataclass(frozen=True)
class Selection:
    """The videos and presets that a person can use for a draft."""

    videos: Sequence[Video]
    presets: Sequence[PromptPreset]
    hidden: int
    """Videos of the draft that this person may not view."""

    @classmethod
    def of(cls, batch: RemixBatch, site: AdminSite, request: HttpRequest) -> Selection:
        """Select from the rows that the site shows to this person.

        Raise `RequestRefused` for more videos than one request may take.
        """
        if reasons := services.too_many(count := batch.videos.count()):
            raise RequestRefused(reasons)
        chosen = batch.videos.all()
        videos = find_viewable_rows(site, request, chosen)
        presets = cast(
            "PromptPresetQuerySet", get_rows(site, request, PromptPreset).prefetch_related(None)
        )
        own = list(presets.visible_to(request.user))
        return cls(videos, own, count - len(videos))

    @property
    def digest(self) -> str:
        """Return a hash of the selected videos."""
        pks = ",".join(str(video.pk) for video in self.videos)
        return sha256(pks.encode()).hexdigest()[:16]


class Draft:
    """A draft with everything that was chosen.

    Raise `UnknownEndpoint`, `InvalidEndpoint`, and `RequestRefused` for too many videos.
    """

    def __init__(
        self, batch: RemixBatch, data: Any = None, files: Any = None, *, selection: Selection
    ) -> None:
        self.batch, self.selection = batch, selection
        self._data, self._files = data, files
        sent = QueryDict() if data is None else data
        self.is_final = data is not None and not NOT_FINAL & sent.keys()
        videos = selection.videos
        self.images: list[ReferenceImage] = list(batch.images.all())
        self.endpoints = endpoint_choices(videos)
        self.endpoint = self.endpoints.get(sent.get("endpoint", "")) or self.endpoints.preferred
        # An unticked checkbox is not sent: that is a choice only where the page showed it.
        is_shown = sent.get(SHOWN_ENDPOINT) == self.endpoint.key
        self.options_form = OptionsForm(data if is_shown else None, endpoint=self.endpoint)
        self.prompts = Prompts(sent, selection.presets)
        self.grid = CellGrid(sent, videos, self.prompts)
        self.quote = Quote(videos, self.endpoint, self.options_form.chosen(), self.grid.count)

    def clean(self) -> None:
        """Store and remove images, and collect all errors."""
        self._remove_images()
        is_agreed = self._data.get(TERMS) == self.terms
        self.form.full_clean()
        if uploads := self.form.cleaned_data.get("images"):
            store_images(self.batch, uploads)
            self.images = list(self.batch.images.all())
        for problem in dict.fromkeys(filter(None, (one.problem for one in self.draft_images))):
            self.form.add_error("images", problem)
        self.add_reasons(self.endpoint.option_problems(self.options))
        self.add_reasons(reasons := services.too_many(self.quote.remix_count))
        if not reasons:
            self._check_prompts()
        if self.is_final and not is_agreed:
            self.form.add_error(None, CHANGED)

    @cached_property
    def form(self) -> DraftForm:
        return DraftForm(
            self._data,
            self._files,
            endpoints=self.endpoints,
            selected=self.endpoint,
            prompts=self.prompts,
            images=self.images,
            is_final=self.is_final,
        )

    @property
    def has_errors(self) -> bool:
        return bool(self.form.errors or self.options_form.errors)

    @property
    def options(self) -> dict[str, Any]:
        """Return the chosen options, among them the images by their names in the storage."""
        names = [str(image.file.name) for image in self.images]
        references = self.endpoint.references
        images = {references.param: names} if references and names else {}
        return self.options_form.chosen() | images

    @property
    def terms(self) -> str:
        """Return the terms that the page shows, to be compared when they are confirmed."""
        images = [one.image.pk for one in self.draft_images]
        return json.dumps([*self.quote.terms, images, self.selection.digest])

    @property
    def draft_images(self) -> list[DraftImage]:
        """List the images of the draft, where the endpoint takes any."""
        if not (references := self.endpoint.references):
            return []
        return [
            DraftImage(image, number, references) for number, image in enumerate(self.images, 1)
        ]

    @property
    def image_limits(self) -> str:
        """Say which images are accepted."""
        references = self.endpoint.references
        return ". ".join(map(str, references.limits())) if references else ""

    @property
    def is_retired(self) -> bool:
        return is_retired(self.endpoint)

    @property
    def prompt_texts(self) -> list[str]:
        """List the prompts, in the order of the columns."""
        return [text.strip() for text in self.prompts.texts.values()]

    @property
    def unticked_count(self) -> int:
        """Count the remixes that could be made and are not ticked."""
        return len(self.quote.accepted) * len(self.grid.numbers) - self.quote.remix_count

    @property
    def prompt_fields(self) -> list[tuple[int, BoundField]]:
        return [(number, self.form[name]) for number, name in self.form.prompts.items()]

    @property
    def preset_groups(self) -> list[tuple[Any, list[PromptPreset]]]:
        return self.prompts.preset_groups(self.endpoint.key)

    @property
    def option_fieldsets(self) -> AdminForm:
        return AdminForm(self.options_form, self.options_form.fieldsets, {})  # type: ignore[arg-type]

    def add_reasons(self, reasons: Iterable[Reason]) -> None:
        """Add each reason of a refusal to the field it is about."""
        references = self.endpoint.references
        names = {
            "prompts": self.form.first_prompt,
            references.param if references else None: "images",
        }
        for reason in reasons:
            name = names.get(reason.field, reason.field)
            if name in self.options_form.fields and self.options_form.is_bound:
                self.options_form.add_error(name, str(reason.message))
            elif name != "images" or not self.form.has_error("images"):
                field = name if name in self.form.fields else None
                self.form.add_error(field, str(reason.message))

    def _check_prompts(self) -> None:
        """Add the problems of the prompts, as they are sent, to their fields."""
        videos = [line.video for line in self.quote.accepted]
        texts = self.prompt_texts
        cells = placeholders.cells(videos, texts, self.grid.without)
        names = [*self.form.prompts.values()]
        filled = [(video, index) for video, index in cells if texts[index]]
        for index, problem in placeholders.problems(self.endpoint, texts, filled):
            self.form.add_error(names[index], str(problem))

    def _remove_images(self) -> None:
        ticked = set(self._data.getlist(REMOVE_IMAGE))
        if removed := [image.pk for image in self.images if str(image.pk) in ticked]:
            ReferenceImage.objects.discard(self.batch, removed)
            self.images = list(self.batch.images.all())
