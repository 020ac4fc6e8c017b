"""Make a clip by a recipe."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from av.video.frame import VideoFrame

from ..recipe import Recipe
from .budget import Rates, rates_within
from .canvas import Canvas
from .copying import copy
from .encoding import ClipFile, PictureEncoder
from .errors import BrokenAt, NotCopyable, OverSize
from .interlacing import deinterlaced
from .pictures import PictureReader
from .progress import ProgressReport
from .rates import exact_rate
from .schedule import Shown, scheduled
from .sound import SoundReader
from .sound_source import SoundSource
from .target import TargetFile
from .tracks import EncodedSound

SAFETY = Fraction(9, 10)
"""Factor of the second attempt's size, besides the excess of the first one."""


def make_clip(source: int, target: int, recipe: Recipe, progress: ProgressReport) -> None:
    """Read a descriptor, and write the clip to another.

    Raise one of `errors`, `OSError` if it can't be written, or whatever PyAV raises if the source
    is no video.
    """
    with PictureReader(source, progress) as reader:
        if not _is_copied(reader, source, target, recipe, progress):
            progress.set_seconds(Fraction(0))
            _encode_within(reader, source, target, recipe, progress)


def _is_copied(
    reader: PictureReader, source: int, target: int, recipe: Recipe, progress: ProgressReport
) -> bool:
    """Copy the part, and return whether that was possible."""
    try:
        copy(reader, source, TargetFile(target, recipe.max_bytes), recipe, progress)
    except (BrokenAt, NotCopyable, OverSize):
        # Copying reads beyond the part, where the source may be broken.
        return False
    return True


def _encode_within(
    reader: PictureReader, source: int, target: int, recipe: Recipe, progress: ProgressReport
) -> None:
    """Encode by constant quality, or by rates that keep the file small. Try them twice."""
    if recipe.max_bytes is None:
        encode(reader, source, TargetFile(target, None), recipe, progress, Rates())
        return
    start = Fraction(recipe.start)
    end = None if recipe.end is None else Fraction(recipe.end)
    seconds = reader.length_between(start, end)
    rate = clip_rate(reader, recipe)
    rates = rates_within(recipe.max_bytes, seconds, rate)
    file = TargetFile(target, recipe.max_bytes)
    try:
        encode(reader, source, file, recipe, progress, rates)
    except OverSize:
        share = min(progress.seconds / seconds, Fraction(1)) * SAFETY
        rates = rates_within(int(recipe.max_bytes * share), seconds, rate)
        progress.set_seconds(Fraction(0))
        file = TargetFile(target, recipe.max_bytes)
        encode(reader, source, file, recipe, progress, rates)


def clip_rate(reader: PictureReader, recipe: Recipe) -> Fraction:
    """Return the frames per second of the clip."""
    return exact_rate(recipe.fps) if recipe.fps else reader.rate


def encode(
    reader: PictureReader,
    source: int,
    target: TargetFile,
    recipe: Recipe,
    progress: ProgressReport,
    rates: Rates,
) -> None:
    """Encode the part again."""
    rate = clip_rate(reader, recipe)
    shown = _shown(reader, recipe, rate)
    first = next(shown)
    canvas = Canvas(first.picture.frame, reader.stream, recipe)
    base = first.base
    drawn = _drawn(canvas, first, shown)
    del first
    with SoundSource(source, reader.first, base) as sound, ClipFile(target) as file:
        pictures = PictureEncoder(file, (canvas.width, canvas.height), rate, rates)
        track = EncodedSound(file, SoundReader(sound, progress), rates.sound)
        for frame, frames in drawn:
            for _count in range(frames):
                pictures.write(frame)
                track.write_until(pictures.seconds)
                progress.set_seconds(pictures.seconds)
        pictures.finish()
        track.finish()


def _drawn(
    canvas: Canvas, first: Shown, others: Iterator[Shown]
) -> Iterator[tuple[VideoFrame, int]]:
    """Yield the frames of the clip, and how often each is shown.

    Pictures of the source are dropped before the next is decoded, because they may be large.
    """
    yield canvas.draw(first.picture.frame), first.frames
    del first
    while one := next(others, None):
        drawn = canvas.draw(one.picture.frame), one.frames
        one = None
        yield drawn


def _shown(reader: PictureReader, recipe: Recipe, rate: Fraction) -> Iterator[Shown]:
    start = Fraction(recipe.start)
    end = None if recipe.end is None else Fraction(recipe.end)
    pictures = deinterlaced(reader.read(start), reader.tick, reader.period)
    return scheduled(pictures, start, end, rate, reader.period, reader.end)
