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
from django.utils.translation import ngettext

from ... import placeholders, services
from ...exceptions import Reason, RequestRefused
from ...models import PromptPreset, ReferenceImage, RemixBatch, Video
from ..formatting import money
from ..visibility import find_viewable_rows, get_rows
from .cells import CellGrid
from .endpoints import EndpointChoice, endpoint_choices
from .facts import SelectedClips
from .fitting import Allowed, FittingQuestions
from .forms import DraftForm, OptionsForm
from .images import DraftImage, store_images
from .kept_options import KeptOptions
from .left_out import LeftOut
from .offers import Offer, folded, offer
from .option_fields import changes
from .parts import START, Parts
from .prompts import ADD_PROMPT, REMOVE_PROMPT, USE_PRESET, Prompts
from .quote import Quote

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

    from ...endpoints import Endpoint
    from ...models.preset import PromptPresetQuerySet

MOST_PICTURES = 12
"""So many of the videos are shown as pictures."""
RECALCULATE = "_recalculate"
"""Name of the button that updates the page."""
TURN_PAGE = "_page"
"""Name of the buttons that show other videos."""
ENTER = "_enter"
"""Name of the hidden button that the Enter key presses: it updates the page as well."""
NOT_FINAL = frozenset((RECALCULATE, TURN_PAGE, ENTER, ADD_PROMPT, REMOVE_PROMPT, USE_PRESET))
"""Names of the buttons that don't confirm the draft."""
REMOVE_IMAGE = "_remove"
"""Name of the checkboxes that remove images."""
TERMS = "_terms"
"""Name of the field with the terms that the page shows."""
CHANGED = _(
    "Nothing was sent, because the selection or the cost changed while this page "
    "was open. Check it and confirm again."
)
NOT_ALLOWED = _(
    "Nothing was sent, because no video fits the model without a visible change. Allow it below, "
    "or choose another model."
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

    `data` may be input that was kept: it is shown again, never confirmed. Raise
    `UnknownEndpoint`, `InvalidEndpoint`, and `RequestRefused` for too many videos.
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
        allowed = Allowed(sent)
        self.parts = Parts(sent, batch.parts, videos)
        fits = [allowed.fit(self.parts.parts.get(video.pk)) for video in videos]
        self.fits = {video.pk: fit for video, fit in zip(videos, fits, strict=True)}
        self.endpoints = endpoint_choices(SelectedClips(videos, fits))
        chosen = self.endpoints.get(sent.get("endpoint", ""))
        choice = chosen or self.endpoints.first
        self.endpoint = choice.endpoint
        self.is_chosen = bool(chosen) or not choice.is_retired
        """False until somebody chooses a retired endpoint: it is never preselected."""
        self.is_retired = choice.is_retired
        self.fitting = FittingQuestions(choice.planned, allowed)
        self._kept = KeptOptions(sent)
        self.options_form = self._options_form(self.endpoint)
        self.prompts = Prompts(sent, selection.presets)
        self.grid = CellGrid(sent, videos, self.prompts)
        self._counts = [self.grid.count(video) for video in videos]
        options = self.options_form.chosen()
        self.quote = Quote(videos, choice, options, self._counts, self.parts)

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
        self._name_hidden_parts()
        self.add_reasons(self.endpoint.option_problems(self.options))
        self.add_reasons(reasons := services.too_many(self.quote.remix_count))
        if not reasons:
            self._check_prompts()
        if self.is_final and not is_agreed:
            self.form.add_error(None, CHANGED)
        elif self.is_final and not self.is_chosen and not self.form.has_error("endpoint"):
            self.form.add_error("endpoint", _("Choose a model."))
        elif self.is_final and self.quote.is_possible and not self.quote.accepted:
            self.form.add_error(None, NOT_ALLOWED)

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
        return bool(self.form.errors or self.options_form.errors or self.parts.errors)

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

    @cached_property
    def offers(self) -> tuple[Sequence[Offer], Sequence[Offer]]:
        """Return what can be chosen: the first endpoints, and those that are folded."""
        return folded([self._offer(one) for one in self.endpoints.available])

    @property
    def is_choice_folded(self) -> bool:
        """Whether the chosen endpoint is among those that are folded."""
        return any(one.endpoint == self.endpoint for one in self.offers[1])

    @cached_property
    def pictured(self) -> set[int]:
        """Return the videos whose pictures are shown above, by primary key."""
        return {line.video.pk for line in self.quote.accepted[:MOST_PICTURES]}

    @property
    def rate(self) -> str:
        """Return the price of the endpoint before anything is multiplied."""
        return money.rate(self.endpoint.price)

    @cached_property
    def left_out(self) -> LeftOut:
        return LeftOut(self.quote, self.endpoints, self.selection.videos)

    @cached_property
    def changed_options(self) -> list[str]:
        """List what differs from the defaults: options, and reference images."""
        found = changes(self.endpoint, self.options_form.chosen())
        if many := len(self.draft_images):
            message = ngettext("%(many)d reference image", "%(many)d reference images", many)
            found.append(message % {"many": many})
        return found

    @property
    def is_options_open(self) -> bool:
        """Whether the options are shown: they are changed, or wrong."""
        wrong = self.options_form.errors or self.form.has_error("images")
        return bool(self.changed_options or wrong)

    @property
    def kept_options(self) -> str:
        """Return the options of the other endpoints, as the page sends them back."""
        keys = {one.endpoint.key for one in self.endpoints.available}
        return self._kept.as_text(keys - {self.endpoint.key})

    @property
    def is_grid_open(self) -> bool:
        """Whether the cells are shown: some are unticked, their page was turned, or a part."""
        is_turned = TURN_PAGE in (self._data or ())
        more = [*self.quote.accepted[MOST_PICTURES:], *self.left_out.more]
        return bool(self.unticked_count) or is_turned or any(line.part.is_open for line in more)

    @property
    def is_left_out_open(self) -> bool:
        """Whether the videos that are left out are shown: there is no other, or a part of one."""
        shown = [one.line for one in self.left_out.videos]
        return not self.quote.is_possible or any(line.part.is_open for line in shown)

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

    def _name_hidden_parts(self) -> None:
        """Name the videos with an error in a part whose fields were on another page."""
        for video in self.selection.videos:
            error = self.parts.errors.get(video.pk)
            if error and f"{START}{video.pk}" not in self._data:
                message = _("“%(title)s”: %(reason)s")
                reason = {"title": video.title, "reason": error}
                self.form.add_error(None, str(message % reason))

    def _options_form(self, endpoint: Endpoint) -> OptionsForm:
        return OptionsForm(self._kept.get(endpoint.key), endpoint=endpoint)

    def _offer(self, choice: EndpointChoice) -> Offer:
        is_own = choice.endpoint == self.endpoint
        form = self.options_form if is_own else self._options_form(choice.endpoint)
        return offer(choice, form.chosen(), self._counts)

    def _check_prompts(self) -> None:
        """Add the problems of the prompts, as they are sent, to their fields."""
        videos = [line.video for line in self.quote.accepted]
        texts = self.prompt_texts
        cells = placeholders.cells(videos, texts, self.grid.without)
        names = [*self.form.prompts.values()]
        filled = [(video, index) for video, index in cells if texts[index]]
        lengths = {line.video.pk: line.plan.clip.duration for line in self.quote.accepted}
        for index, problem in placeholders.problems(self.endpoint, texts, filled, lengths):
            self.form.add_error(names[index], str(problem))

    def _remove_images(self) -> None:
        ticked = set(self._data.getlist(REMOVE_IMAGE))
        if removed := [image.pk for image in self.images if str(image.pk) in ticked]:
            ReferenceImage.objects.discard(self.batch, removed)
            self.images = list(self.batch.images.all())
