"""Which videos an endpoint accepts, and how a request names them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from typing import Literal

from django.utils.translation import gettext_lazy as _

from .clip import Clip
from .codecs import codec_names
from .measure import (
    ASPECT,
    BYTES,
    FPS,
    LONG_SIDE,
    SECONDS,
    SHORT_SIDE,
    Measure,
    Span,
    file_types,
    first_refusal,
    statements,
)
from .pixels import USUAL_PIXELS, pixel_names
from .values import Codecs, Count, Extensions, Limit, Name, Number, PixelFormats, Text

NOT_AT_PROVIDER: tuple[tuple[str, object, Text], ...] = (
    ("sora_id", "", _("It is not a Sora generation: it has no Sora id.")),
    (
        "is_deleted_at_provider",
        True,
        _("Its provider has deleted it, so it can no longer be remixed."),
    ),
)
"""Why an endpoint that takes Sora ids refuses a video: a fact, its value, and the refusal."""


@dataclass(frozen=True, kw_only=True)
class Source:
    """How a request names the video, and which videos are accepted."""

    kind: Literal["sora_id", "url"]
    """`sora_id`: the id of an earlier Sora generation that the provider still has; `url`: the
    address of any clip."""
    param: Name
    as_list: bool = False
    """True when the wire wants a list, which then holds the one video."""
    extensions: Extensions = (".mp4",)
    """Kinds of files behind a URL, whatever their names end in; empty when all are taken."""
    codecs: Codecs = ()
    """Codecs of the picture by FFmpeg's names, such as “h264” and “hevc”; empty when the provider
    names none."""
    pixel_formats: PixelFormats = USUAL_PIXELS
    """How the colours of the picture are stored, by FFmpeg's names, such as “yuv420p” for 8 bit and
    4:2:0; empty when all are taken."""
    min_seconds: Limit | None = None
    max_seconds: Limit | None = None
    below_seconds: Limit | None = None
    """For providers that say "under": this length is too long already."""
    cut_at_seconds: Limit | None = None
    """More is accepted and cut off."""
    max_bytes: Count | None = None
    below_bytes: Count | None = None
    min_side: Count | None = None
    """In pixels, of the shorter side as players show it."""
    max_side: Count | None = None
    """In pixels, of the longer side."""
    min_aspect: Limit | None = None
    """Width divided by height."""
    max_aspect: Limit | None = None
    min_fps: Limit | None = None
    max_fps: Limit | None = None
    safe_seconds: Limit | None = None
    """More may be refused: sources disagree."""
    safe_side: Count | None = None

    def refusal(self, clip: Clip) -> Text | None:
        """Say why this video can't be accepted, if it can't.

        An unknown length is a reason where the length is limited; no other unknown fact is.
        """
        wrong_kind = _not_at_provider if self.kind == "sora_id" else self._wrong_file
        return wrong_kind(clip) or first_refusal(self._limited, clip)

    def warnings(self, clip: Clip) -> list[Text]:
        """List what will be cut off this video, and why it may be refused."""
        return [
            warning % {"limit": measure.with_unit(limit)}
            for measure, limit, warning, _statement in self._cautions()
            if (value := measure.of(clip)) is not None and value > limit
        ]

    def limits(self) -> list[Text]:
        """List which videos are accepted, in short statements."""
        cautions = (
            statement % {"limit": measure.with_unit(limit)}
            for measure, limit, _warning, statement in self._cautions()
        )
        if self.kind == "url":
            files = statements(self.extensions, self.spans(), codecs=self.codecs)
            return [*files, *cautions]
        generations = _("Only Sora generations that their provider still has")
        return [generations, *statements((), self.spans()), *cautions]

    @property
    def longest_seconds(self) -> Decimal | None:
        """Return the longest length that is used of a video, None if any is."""
        limits = (self.max_seconds, self.below_seconds, self.cut_at_seconds)
        return min((Decimal(one) for one in limits if one is not None), default=None)

    @property
    def most_bytes(self) -> int | None:
        """Return the size of the largest file that is accepted, None if any is."""
        below = None if self.below_bytes is None else self.below_bytes - 1
        return min((one for one in (self.max_bytes, below) if one is not None), default=None)

    def spans(self) -> tuple[Span, ...]:
        """Return all limits that can be measured."""
        return (
            Span(
                measure=SECONDS,
                least=self.min_seconds,
                most=self.max_seconds,
                below=self.below_seconds,
            ),
            Span(measure=BYTES, most=self.max_bytes, below=self.below_bytes),
            Span(measure=SHORT_SIDE, least=self.min_side),
            Span(measure=LONG_SIDE, most=self.max_side),
            Span(measure=ASPECT, least=self.min_aspect, most=self.max_aspect),
            Span(measure=FPS, least=self.min_fps, most=self.max_fps),
        )

    @cached_property
    def _limited(self) -> tuple[Span, ...]:
        return tuple(span for span in self.spans() if any(span.limits()))

    def _cautions(self) -> Iterator[tuple[Measure, Number, Text, Text]]:
        """Yield limits beyond which a video is accepted with a warning, and their texts."""
        if self.cut_at_seconds is not None:
            warning = _("Only its first %(limit)s are used.")
            yield SECONDS, self.cut_at_seconds, warning, _("Only the first %(limit)s are used")
        if self.safe_seconds is not None:
            warning = _("It is longer than %(limit)s and may be refused.")
            yield SECONDS, self.safe_seconds, warning, _("More than %(limit)s may be refused")
        if self.safe_side is not None:
            warning = _("A side is longer than %(limit)s. The video may be refused.")
            yield LONG_SIDE, self.safe_side, warning, _("More than %(limit)s may be refused")

    def _wrong_file(self, clip: Clip) -> Text | None:
        if not (extension := clip.extension):
            return _("It has no file that can be sent.")
        if clip.is_still:
            return _("It has no moving picture, only sound or a single image.")
        if clip.is_cut_off:
            return cut_off_refusal(clip)
        if self.extensions and extension not in self.extensions:
            return _("It is a file of type %(kind)s, but only %(names)s can be sent.") % {
                "kind": file_types([extension]),
                "names": file_types(self.extensions),
            }
        if self.codecs and clip.video_codec and clip.video_codec not in self.codecs:
            return _("Its picture is coded as %(codec)s, but only %(names)s can be sent.") % {
                "codec": codec_names([clip.video_codec]),
                "names": codec_names(self.codecs),
            }
        return self._wrong_pixels(clip)

    def _wrong_pixels(self, clip: Clip) -> Text | None:
        if not self.pixel_formats or clip.pixel_format in ("", *self.pixel_formats):
            return None
        return _("Its colours are stored as %(pixels)s, but only %(names)s can be sent.") % {
            "pixels": pixel_names([clip.pixel_format]),
            "names": pixel_names(self.pixel_formats),
        }


def cut_off_refusal(clip: Clip) -> Text | None:
    """Say that the file of this video lacks its end, if it does."""
    if not clip.is_cut_off:
        return None
    if not clip.duration:
        return _("The file is incomplete. Upload it again.")
    message = _("The file is incomplete: it breaks off after %(length)s. Upload it again.")
    return message % {"length": SECONDS.with_unit(clip.duration)}


def _not_at_provider(clip: Clip) -> Text | None:
    refusals = (text for fact, value, text in NOT_AT_PROVIDER if getattr(clip, fact) == value)
    return next(refusals, None)
