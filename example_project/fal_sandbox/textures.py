"""Paper, ink, stars and snow: what looks lay over a picture."""

from .filters import Chain, Mix, Still

LUMA = "blend=shortest=1:c0_mode"
"""Mixes brightness alone, so that the picture keeps its colours."""
RGB = "blend=shortest=1:all_mode"


def _mix(by: str, *others: Chain) -> Mix:
    return Mix(by, others)


def _texture(luma: str, *steps: str) -> Still:
    return Still("gray", (f"geq=lum='{luma}':cb=128:cr=128", *steps))


def _noise(blur: float, *steps: str) -> Still:
    return _texture("64+128*random(1)", f"gblur=sigma={blur}", *steps)


def _levels(centre: int, gain: float) -> str:
    return f"lutyuv=y='clip({centre}+(val-128)*{gain},0,235)'"


def _glow(gain: float) -> str:
    return f"lutyuv=y='clip(16+(val-16)*{gain},16,235)'"


def drawn(scale: int, curve: str) -> Mix:
    """Draw dark lines along the edges."""
    lines = "format=gray", "gblur=sigma=0.9", f"sobel=scale={scale}", "negate", curve
    return _mix(f"{LUMA}=multiply", (*lines, "format=yuv420p"))


def _flakes(seed: int, rare: float, size: float, gain: int, fall: float, drift: float) -> Mix:
    flakes = _texture(f"16+219*gt(random({seed}),{rare})", f"gblur=sigma={size}", _glow(gain))
    return _mix(f"{LUMA}=screen", (flakes, f"scroll=v={-fall}:h={drift}"))


SHADE = _mix(f"{LUMA}=multiply", (Still("white", ("vignette=PI/5",)),))
"""Darker corners."""
WOBBLE = _mix(
    "displace=edge=smear",
    (_noise(5, _levels(128, 0.5)),),
    (_noise(5, "hflip", _levels(128, 0.5)),),
)
"""Moves each pixel a little, as a hand would."""
PAPER = _mix(f"{LUMA}=multiply:c0_opacity=0.6", (_noise(0.8, _levels(222, 0.9)),))
BORDER = _mix(
    f"{RGB}=screen",
    (
        _texture(
            "16+219*gt(max(abs(X/W-0.5)-0.5+12/W,abs(Y/H-0.5)-0.5+12/H),0)",
            "noise=c0s=30:c0_seed=4",
            "gblur=sigma=9",
            "noise=c0s=60:c0_seed=7",
            "gblur=sigma=3",
            "lutyuv=y='clip(16+(val-100)*4,16,235)'",
        ),
        "format=gbrp",
    ),
)
"""White paper around the picture, with a soft edge."""
HATCHING = _mix(f"{LUMA}=grainmerge", (_texture("128+75*(abs(mod(X+Y,8)-4)/2-1)"),))
DOTS = _mix(
    f"{LUMA}=grainmerge:c0_opacity=0.3", (_texture("128+60*cos((X+Y)*0.42)*cos((X-Y)*0.42)"),)
)
STARS = _mix(
    f"{LUMA}=screen",
    (
        _texture(
            "16+219*gt(random(1),0.997)*lt(random(1),1-Y/H/0.45)",
            "gblur=sigma=0.6",
            _glow(2.5),
        ),
    ),
)
"""More of them the higher in the sky."""
SNOW = (
    _mix(
        f"{LUMA}=screen",
        (
            "format=gray",
            # Where the rows above are brighter than those below, snow can lie.
            "convolution=0mode=column:0rdiv=1:0m=1 1 1 0 0 0 0 0 0 -1 -1 -1 0 0 0 0 0",
            "lutyuv=y='clip((val-20)*4,0,255)'",
            "gblur=sigma=0.7",
            "format=yuv420p",
        ),
    ),
    _flakes(1, 0.998, 1.1, 9, 0.006, -0.0015),
    _flakes(2, 0.9995, 2.2, 30, 0.012, 0.002),
)
"""Snow on what is there, and two layers of falling flakes."""
PINK_TO_CYAN = Still(
    "black",
    (
        "format=gbrp",
        "geq=r='255*clip(1.5-2*X/W,0.1,1)':g='255*clip(2*X/W-0.5,0.1,0.9)':b=255",
    ),
)
SIGNS = _mix(
    f"{RGB}=screen",
    (
        "format=gray",
        "gblur=sigma=0.7",
        "sobel=scale=20",
        "lutyuv=y='clip((val-90)*2,0,255)'",
        "format=gbrp",
        _mix(f"{RGB}=screen", ("gblur=sigma=7", "curves=all=0/0 0.5/0.9 1/1")),
        _mix(f"{RGB}=multiply", (PINK_TO_CYAN, "format=gbrp")),
    ),
)
"""Glowing tubes along the edges."""
