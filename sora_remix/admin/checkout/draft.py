"""An draft as it stands: a draft with what was chosen and typed so far."""

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

from ... import filling, services
from ...exceptions import Reason, RequestRefused
from ...models import PromptPreset, ReferenceImage, RemixBatch, Video
from ..visibility import find_viewable_rows, get_rows
from .cells import CellGrid
from .endpoints import endpoint_choices, is_retired
from .forms import DraftForm, OptionsForm
from .images import Kept, keep
from .prompts import ADD, DROP, USE, Prompts
from .quote import Quote

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

    from ...models.preset import PromptPresetQuerySet

RECALCULATE = "_recalculate"
"""Name of the button that shows everything anew, and confirms nothing."""
TURN = "_page"
"""Name of the buttons that turn pages: they keep what was typed, and confirm nothing."""
ENTER = "_enter"
"""Name of the button that stands for the Enter key: it shows everything anew as well."""
LOOKS = frozenset((RECALCULATE, TURN, ENTER, ADD, DROP, USE))
"""Names of all buttons that confirm nothing."""
SHOWN = "_shown"
"""Name of the field with the endpoint whose options are on the page."""
REMOVE = "_remove"
"""Name of the boxes that remove images."""
TERMS = "_terms"
"""Name of the field with what the page says will be made and paid."""
CHANGED = _(
    "Nothing was sent, because the selection or the cost changed while this page "
    "was open. Check it and confirm again."
)


@dataclass(frozen=True)
class Selection:
    """What a person may use of a draft at this moment."""

    videos: Sequence[Video]
    presets: Sequence[PromptPreset]
    hidden: int
    """Videos of the draft that this person may not view."""

    @classmethod
    def of(cls, batch: RemixBatch, site: AdminSite, request: HttpRequest) -> Selection:
        """Read it from the rows that the site has for this person.

        Raise `RequestRefused` for more videos than one request may take.
        """
        if reasons := services.too_many(many := batch.videos.count()):
            raise RequestRefused(reasons)
        chosen = batch.videos.all()
        videos = find_viewable_rows(site, request, chosen)
        presets = cast(
            "PromptPresetQuerySet", get_rows(site, request, PromptPreset).prefetch_related(None)
        )
        own = list(presets.visible_to(request.user))
        return cls(videos, own, many - len(videos))

    @property
    def digest(self) -> str:
        """Tell this selection of videos from any other."""
        pks = ",".join(str(video.pk) for video in self.videos)
        return sha256(pks.encode()).hexdigest()[:16]


class Draft:
    """A draft with all that was chosen.

    Raise `UnknownEndpoint`, `InvalidEndpoint`, and `RequestRefused` for too many videos.
    """

    def __init__(
        self, batch: RemixBatch, data: Any = None, files: Any = None, *, selection: Selection
    ) -> None:
        self.batch, self.selection = batch, selection
        self._data, self._files = data, files
        sent = QueryDict() if data is None else data
        self.is_final = data is not None and not LOOKS & sent.keys()
        videos = selection.videos
        self.images: list[ReferenceImage] = list(batch.images.all())
        self.offered = endpoint_choices(videos)
        self.endpoint = self.offered.endpoint(sent.get("endpoint", "")) or self.offered.preferred
        # A box that is not ticked is not sent: only of options on the page is that a choice.
        is_shown = sent.get(SHOWN) == self.endpoint.key
        self.options_form = OptionsForm(data if is_shown else None, endpoint=self.endpoint)
        self.prompts = Prompts(sent, selection.presets)
        self.grid = CellGrid(sent, videos, self.prompts)
        self.quote = Quote(videos, self.endpoint, self.options_form.chosen(), self.grid.many)

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
        self.add_reasons(reasons := services.too_many(self.quote.many))
        if not reasons:
            self._check_prompts()
        if self.is_final and not is_agreed:
            self.form.add_error(None, CHANGED)

    @cached_property
    def form(self) -> DraftForm:
        return DraftForm(
            self._data,
            self._files,
            offered=self.offered,
            record=self.endpoint,
            prompts=self.prompts,
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
        images = [one.image.pk for one in self.kept]
        return json.dumps([*self.quote.terms, images, self.selection.digest])

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
    def typed(self) -> list[str]:
        """Return the prompts, in the draft of the columns."""
        return [text.strip() for text in self.prompts.texts.values()]

    @property
    def many_off(self) -> int:
        """Count what could be made and is switched off."""
        return len(self.quote.accepted) * len(self.grid.numbers) - self.quote.many

    @property
    def prompt_fields(self) -> list[tuple[int, BoundField]]:
        return [(number, self.form[name]) for number, name in self.form.prompts.items()]

    @property
    def preset_groups(self) -> list[tuple[Any, list[PromptPreset]]]:
        return self.prompts.groups(self.endpoint.key)

    @property
    def option_sets(self) -> AdminForm:
        return AdminForm(self.options_form, self.options_form.fieldsets, {})  # type: ignore[arg-type]

    def add_reasons(self, reasons: Iterable[Reason]) -> None:
        """Put each reason of a refusal beside the field it is about."""
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
        """Put what is wrong with the prompts, as they are filled in, beside each."""
        videos = [line.video for line in self.quote.accepted]
        typed = self.typed
        cells = filling.cells(videos, typed, self.grid.without)
        names = [*self.form.prompts.values()]
        there = [(video, index) for video, index in cells if typed[index]]
        for index, problem in filling.problems(self.endpoint, typed, there):
            self.form.add_error(names[index], str(problem))

    def _remove_images(self) -> None:
        ticked = set(self._data.getlist(REMOVE))
        if removed := [image.pk for image in self.images if str(image.pk) in ticked]:
            ReferenceImage.objects.discard(self.batch, removed)
            self.images = list(self.batch.images.all())
