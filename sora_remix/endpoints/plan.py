"""How a clip is made to fit an endpoint: what its record asks for, and what that changes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Literal

from django.utils.translation import gettext_lazy as _

from ..recipe import Recipe, Shape
from .clip import Clip
from .codecs import codec_names
from .frame import Frame, FrameRange
from .measure import BYTES, FPS, SECONDS, file_types
from .pixels import FITTED_PIXELS, pixel_changes
from .source import Source, cut_off_refusal
from .values import Number, Text

MADE = ".mp4"
"""What a fitted clip is."""
FITTED_CODEC = "h264"
FITTABLE = (".mp4", ".mov", ".webm", ".mkv", ".ts", ".avi", ".gif")
"""Kinds of files that can be decoded."""
UNDER = Decimal("0.1")
"""Seconds, or a frame if that is longer, by which a clip is cut below the longest length, and
before the place where its file breaks off."""

UNCHANGED = Recipe()
Loss = Literal["cut", "cropped", "padded", "upscaled"]
"""What is visible of a change."""
SHAPED: frozenset[Loss] = frozenset(("cropped", "padded"))
"""Agreed to by choosing a shape."""

Part = tuple[Decimal, Decimal | None]
"""Start and end in seconds; None is the end of the clip."""
BEYOND = Decimal("0.1")
"""Seconds by which the end of a part may be beyond that of the video, which is then taken."""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """What somebody wants, and allows, to be done to a clip."""

    part: Part | None = None
    shape: Shape = ""
    """What to do with a picture whose aspect ratio is not accepted."""
    is_agreed: bool = False
    """Whether changes may be visible."""


ANYTHING = Fit(shape="crop", is_agreed=True)
"""Whatever makes a clip fit."""


@dataclass(frozen=True, kw_only=True)
class FittedFacts:
    """What is known of a clip before it is made."""

    duration: Decimal | None
    width: int | None
    height: int | None
    fps: Decimal | None
    size: int | None = None
    extension: str = MADE
    sora_id: str = ""
    is_deleted_at_provider: bool = False
    is_still: bool = False
    video_codec: str = FITTED_CODEC
    pixel_format: str = FITTED_PIXELS
    is_cut_off: bool = False


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What would make a clip fit, or why nothing would."""

    recipe: Recipe = UNCHANGED
    clip: Clip
    """The clip as it will be."""
    changes: tuple[Text, ...] = ()
    """In words and figures."""
    visible_changes: tuple[Text, ...] = ()
    """Those of them that are losses."""
    losses: frozenset[Loss] = frozenset()
    refusal: Text | None = None
    """Why nothing helps."""
    needs_shape: bool = False
    """Whether somebody has to choose if the picture is cropped or padded."""

    @property
    def recipe_text(self) -> str:
        """Return the recipe as text, empty when the clip is taken as it is."""
        return "" if self.recipe == UNCHANGED and not self.changes else self.recipe.to_text()

    @property
    def is_as_is(self) -> bool:
        """Tell whether the clip is taken as it is."""
        return not self.changes and self.refusal is None and not self.needs_shape

    @property
    def is_asked_for(self) -> bool:
        """Tell whether somebody has to agree, because the change is visible."""
        return self.needs_shape or bool(self.losses)

    @property
    def is_lossy(self) -> bool:
        """Tell whether more is visible than a shape that somebody chose."""
        return bool(self.losses - SHAPED)

    @property
    def is_shaped(self) -> bool:
        """Tell whether the aspect ratio of the clip is not accepted."""
        return self.needs_shape or bool(self.losses & SHAPED)

    def problem(self, fit: Fit) -> Text | None:
        """Say why it can't be done like this, if it can't."""
        if self.refusal:
            return self.refusal
        if self.needs_shape:
            return _("Its aspect ratio isn't accepted. Choose whether to crop or to pad it.")
        if self.is_lossy and not fit.is_agreed:
            message = _("It fits only with visible changes: %(changes)s.")
            return message % {"changes": ", ".join(map(str, self.changes))}
        return None


def as_is(source: Source, clip: Clip) -> Plan:
    """Return the plan that changes nothing."""
    return Plan(clip=clip, refusal=source.refusal(clip))


def made_by(recipe: Recipe, clip: Clip) -> FittedFacts:
    """Return what is known of a clip that a recipe makes of this one."""
    ends = [at for at in (clip.duration, recipe.end) if at is not None]
    return FittedFacts(
        duration=min(ends) - recipe.start if ends else None,
        width=recipe.width or clip.width,
        height=recipe.height or clip.height,
        fps=recipe.fps or clip.fps,
    )


def part_problem(clip: Clip, part: Part) -> Text | None:
    """Say what is wrong with a part of this clip, if anything is."""
    start, end = part
    if clip.duration is not None and end is not None and start < end > clip.duration + BEYOND:
        message = _("The video is only %(length)s long.")
        return message % {"length": SECONDS.with_unit(clip.duration)}
    last = min((at for at in (end, whole_until(clip)) if at is not None), default=None)
    if start < 0 or (last is not None and start >= last):
        return _("The end must be after the start.")
    return None


def whole_until(clip: Clip) -> Decimal | None:
    """Return the second until which a clip can be made from its file, None if unknown."""
    if clip.duration is None or not clip.is_cut_off:
        return clip.duration
    return (clip.duration - UNDER).quantize(UNDER, ROUND_FLOOR)


def plan_clip(source: Source, clip: Clip, fit: Fit) -> Plan:
    """Plan how this clip, or a part of it, is made to fit.

    A clip that is accepted is left alone. A part that somebody chose is no loss. The plan is
    checked against the record like any clip.
    """
    if source.kind != "url" or clip.extension not in FITTABLE or clip.is_still or _is_rest(clip):
        return _unfitted(source, clip, fit)
    if not fit.part and source.refusal(clip) is None:
        return as_is(source, clip)
    if fit.part and (problem := part_problem(clip, fit.part)):
        return Plan(clip=clip, refusal=problem)
    draft = _Draft(source, clip, part=fit.part, shape=fit.shape)
    draft.cut()
    draft.reshape()
    draft.pace()
    draft.convert()
    return draft.finish()


def _is_rest(clip: Clip) -> bool:
    """Tell whether too little is left of a file to make anything from it."""
    return clip.is_cut_off and (whole_until(clip) or 0) <= 0


def _unfitted(source: Source, clip: Clip, fit: Fit) -> Plan:
    whole = _("Only the whole video can be remixed, not a part of it.") if fit.part else None
    return Plan(clip=clip, refusal=source.refusal(clip) or whole)


def fitting_refusal(source: Source, clip: Clip) -> Text | None:
    """Say why nothing makes this clip fit, if nothing does."""
    return plan_clip(source, clip, ANYTHING).refusal


@dataclass
class _Draft:
    """A plan that is being made."""

    source: Source
    clip: Clip
    part: Part | None
    shape: Shape
    recipe: Recipe = UNCHANGED
    changes: list[Text] = field(default_factory=list)
    visible_changes: list[Text] = field(default_factory=list)
    losses: set[Loss] = field(default_factory=set)
    needs_shape: bool = False

    def cut(self) -> None:
        """Take the part that was chosen, and of that as much as is accepted."""
        start, end = self.part or (Decimal(0), None)
        if self.part:
            self.recipe = replace(self.recipe, start=start, end=end)
        is_broken = self._end_before_break()
        length = self._length()
        most = longest_clip(self.source, self.clip.fps)
        if most is None or (length is not None and self._is_accepted(length)):
            if is_broken and length is not None:
                change = _("cut to the first %(length)s, because the file is incomplete")
                self._note(change % {"length": SECONDS.with_unit(length)}, "cut")
            return
        self.recipe = replace(self.recipe, end=start + most)
        length_left = {"length": SECONDS.with_unit(most)}
        self._note(_("cut to the first %(length)s") % length_left, "cut")

    def _end_before_break(self) -> bool:
        """Leave out what is missing of a file; return whether there is anything."""
        end = whole_until(self.clip)
        if not self.clip.is_cut_off or (self.recipe.end and end and self.recipe.end <= end):
            return False
        self.recipe = replace(self.recipe, end=end)
        return True

    def _is_accepted(self, length: Decimal) -> bool:
        most, below = self.source.max_seconds, self.source.below_seconds
        return (most is None or length <= most) and (below is None or length < below)

    def reshape(self) -> None:
        """Crop or pad what is too wide or too tall, and scale what is too large or too small."""
        if not (self.clip.width and self.clip.height):
            return
        before = Frame(self.clip.width, self.clip.height)
        frames = FrameRange.of(self.source)
        self.needs_shape = not frames.allows_aspect(before) and not self.shape
        shaped = frames.shaped(before, self.shape) if self.shape else before
        after = frames.scaled(shaped)
        if after == before:
            return
        shape = self.shape if shaped != before else ""
        self.recipe = replace(self.recipe, width=after.width, height=after.height, shape=shape)
        self._note_frame(before, shaped, after)

    def _note_frame(self, before: Frame, shaped: Frame, after: Frame) -> None:
        if shaped != before and self.shape == "crop":
            self._note(_("edges cropped"), "cropped")
        elif shaped != before:
            self._note(_("black bars added"), "padded")
        if after != before:
            is_upscaled = after.longer > shaped.longer
            size = _arrow(str(before), _("%(size)s px") % {"size": after})
            self._note(size, "upscaled" if is_upscaled else None)

    def _note(self, change: Text, loss: Loss | None) -> None:
        self.changes.append(change)
        if loss:
            self.visible_changes.append(change)
            self.losses.add(loss)

    def pace(self) -> None:
        """Change a frame rate that is not accepted."""
        rate = self.clip.fps
        if rate is None:
            return
        least, most = self.source.min_fps, self.source.max_fps
        wanted = rate
        if most is not None and rate > most:
            wanted = Decimal(most)
        elif least is not None and rate < least:
            wanted = Decimal(least).to_integral_value(ROUND_CEILING)
        if wanted != rate:
            self.recipe = replace(self.recipe, fps=wanted)
            self.changes.append(_arrow(f"{rate.normalize():f}", FPS.with_unit(wanted)))

    def convert(self) -> None:
        """Make another kind of file, and a smaller one, where the record asks for it."""
        is_converted = self._note_kind() or self._note_codec()
        is_converted = self._note_pixels() or is_converted
        most = self.source.most_bytes
        size = self._size()
        is_too_large = most is not None and size is not None and size > most
        if is_too_large and most is not None and size is not None:
            figures = [BYTES.rounded(figure, ROUND_CEILING) for figure in (size, most)]
            self.changes.append(_arrow(*figures))
        if most is not None and (is_converted or is_too_large or self.recipe != UNCHANGED):
            self.recipe = replace(self.recipe, max_bytes=most)

    def _note_kind(self) -> bool:
        if not self.source.extensions or self.clip.extension in self.source.extensions:
            return False
        kind = file_types([self.clip.extension])
        self.changes.append(_("%(kind)s → MP4 (H.264, AAC)") % {"kind": kind})
        return True

    def _note_codec(self) -> bool:
        codec = self.clip.video_codec
        if not (self.source.codecs and codec) or codec in self.source.codecs:
            return False
        self.changes.append(_arrow(codec_names([codec]), codec_names([FITTED_CODEC])))
        return True

    def _note_pixels(self) -> bool:
        """Note another depth or sampling of the colours, which hardly anybody sees."""
        pixels = self.clip.pixel_format
        if not (self.source.pixel_formats and pixels) or pixels in self.source.pixel_formats:
            return False
        self.changes += [_arrow(*one) for one in pixel_changes(pixels, FITTED_PIXELS)]
        return True

    def finish(self) -> Plan:
        """Check the clip as it will be: whatever is still wrong can't be helped."""
        if not self.changes and not self.part and not self.needs_shape:
            return as_is(self.source, self.clip)
        made = made_by(self.recipe, self.clip)
        refusal = None if self.needs_shape else self.source.refusal(made)
        if refusal and not self.part:
            refusal = cut_off_refusal(self.clip) or refusal
        return Plan(
            recipe=self.recipe,
            clip=made,
            changes=tuple(self.changes),
            visible_changes=tuple(self.visible_changes),
            losses=frozenset(self.losses),
            refusal=refusal,
            needs_shape=self.needs_shape,
        )

    def _length(self) -> Decimal | None:
        """Return the length of what is left, in seconds."""
        return made_by(self.recipe, self.clip).duration

    def _size(self) -> int | None:
        """Return how large the part is, as a share of the file."""
        size, whole, length = self.clip.size, self.clip.duration, self._length()
        if not size or not whole or length is None:
            return size
        return int(size * min(length / whole, Decimal(1)))


def longest_clip(source: Source, fps: Decimal | None = None) -> Decimal | None:
    """Return how long to cut a clip so that it is accepted, although its last frame is whole."""
    most = min(_known(source.max_seconds, source.below_seconds), default=None)
    if most is None:
        return None
    frame = max(1 / fps, UNDER) if fps else UNDER
    return (most - frame).quantize(UNDER, ROUND_FLOOR)


def _known(*limits: Number | None) -> Iterator[Decimal]:
    return (Decimal(limit) for limit in limits if limit is not None)


def _arrow(before: Text, after: Text) -> Text:
    return _("%(before)s → %(after)s") % {"before": before, "after": after}
