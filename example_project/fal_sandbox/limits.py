"""Limits of an endpoint's source: container, length, size and dimensions."""

from dataclasses import dataclass

MEGABYTE = 1024 * 1024


@dataclass(frozen=True, kw_only=True)
class Limits:
    """The limits of a source. What is not given is not limited."""

    formats: tuple[str, ...] = ()
    min_seconds: float = 0
    max_seconds: float | None = None
    cut_at: float | None = None
    """Only so many seconds from the start are used."""
    max_megabytes: int = 500
    min_side: int = 0
    max_side: int | None = None
    max_aspect: float | None = None
    """The longer side by the shorter one."""
    min_fps: float = 0
    min_picture_side: int = 0
    """Of reference images."""
    max_picture_aspect: float | None = None

    @property
    def max_bytes(self) -> int:
        """The largest source."""
        return self.max_megabytes * MEGABYTE

    @property
    def words(self) -> str:
        """The bounds as fal prints them in a field's description."""
        said = {
            "Max file size": f"{self.max_megabytes}.0MB",
            "Min width": f"{self.min_side}px" * bool(self.min_side),
            "Min height": f"{self.min_side}px" * bool(self.min_side),
            "Max width": f"{self.max_side}px" * bool(self.max_side),
            "Max height": f"{self.max_side}px" * bool(self.max_side),
            "Min duration": f"{float(self.min_seconds)}s" * bool(self.min_seconds),
            "Max duration": f"{float(self.max_seconds or 0)}s" * bool(self.max_seconds),
            "Timeout": "30.0s",
        }
        return ", ".join(f"{name}: {value}" for name, value in said.items() if value)


FLUX_3 = Limits(formats=("mp4",), min_seconds=0.7, max_seconds=15, max_megabytes=50)
KLING_O3 = Limits(
    formats=("mp4", "mov"),
    min_seconds=3,
    max_seconds=15,
    max_megabytes=200,
    min_side=720,
    max_side=3840,
    min_picture_side=300,
    max_picture_aspect=2.5,
)
WAN_27 = Limits(formats=("mp4", "mov"), min_seconds=2, max_seconds=10, max_megabytes=100)
HAPPY_HORSE = Limits(
    formats=("mp4", "mov"),
    min_seconds=3,
    max_seconds=60,
    cut_at=15,
    max_megabytes=100,
    min_side=320,
    max_side=2160,
    max_aspect=2.5,
    min_fps=8,
    min_picture_side=300,
    max_picture_aspect=2.5,
)
GROK_IMAGINE = Limits(cut_at=8)
LUMA_RAY = Limits(max_seconds=30)
LUCY_RESTYLE = Limits(formats=("mp4", "mov", "webm", "m4v", "gif"), max_seconds=30 * 60)
ANY = Limits()
