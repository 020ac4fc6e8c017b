"""The looks that a remix can take, as libavfilter chains."""

import hashlib
import re

Chain = tuple[str, ...]

LOOKS: dict[str, Chain] = {
    "noir": ("hue=s=0", "curves=all=0/0 0.35/0.12 0.65/0.85 1/1", "vignette=PI/4"),
    "purple": ("colorize=hue=285:saturation=0.55:lightness=0.5:mix=0.6",),
    "green": ("colorize=hue=125:saturation=0.5:lightness=0.5:mix=0.6",),
    "gold": ("colorize=hue=42:saturation=0.75:lightness=0.5:mix=0.65", "vignette=PI/6"),
    "night": (
        "colorbalance=rs=-0.2:bs=0.3:rm=-0.3:bm=0.3",
        "curves=all=0/0 0.5/0.22 1/0.62",
        "vignette=PI/4",
    ),
    "neon": ("edgedetect=mode=colormix:low=0.03:high=0.1", "hue=s=3:h=150"),
    "watercolour": ("median=radius=4", "hue=s=1.5", "curves=all=0/0.18 0.5/0.66 1/1"),
    "negative": ("negate",),
    "pixel": ("pixelize=width=12:height=12",),
    "warm": ("colortemperature=temperature=2600:mix=0.9", "hue=s=1.2"),
    "poster": ("lutyuv=y=floor(val/56)*56+28", "hue=s=1.9"),
    "sepia": (
        "colorchannelmixer=.393:.769:.189:0:.349:.686:.168:0:.272:.534:.131",
        "vignette=PI/5",
    ),
}

KEYWORDS = {
    "noir": "noir black white monochrome detective gray grey",
    "purple": "purple violet lavender magenta pink",
    "green": "green forest jungle emerald matrix moss",
    "gold": "gold golden yellow amber brass",
    "night": "night moonlight midnight blue dark rain rainy winter snow",
    "neon": "neon cyberpunk tron edges outline outlines sketch",
    "watercolour": "watercolour watercolor painting painted impressionist dream dreamy soft",
    "negative": "negative inverted invert alien xray",
    "pixel": "pixel pixels pixelated retro arcade 8bit lego",
    "warm": "warm sunset sunrise autumn fire summer red orange",
    "poster": "poster comic cartoon anime pop popart",
    "sepia": "sepia vintage old antique western 1920s",
}

_LOOK_OF_WORD = {word: look for look, words in KEYWORDS.items() for word in words.split()}


def choose_look(prompt: str) -> str:
    """Return the look that the prompt's first known word names, else one by its hash."""
    for word in re.findall(r"[a-z0-9]+", prompt.lower()):
        if word in _LOOK_OF_WORD:
            return _LOOK_OF_WORD[word]
    digest = hashlib.sha256(prompt.encode()).digest()
    return sorted(LOOKS)[digest[0] % len(LOOKS)]
