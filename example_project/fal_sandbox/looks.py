"""The looks that a remix can take, as libavfilter chains."""

import hashlib
import re

from .filters import Chain
from .textures import BORDER, DOTS, HATCHING, PAPER, SHADE, SIGNS, SNOW, STARS, WOBBLE, drawn

STYLES: dict[str, Chain] = {
    "watercolour": (
        "hue=s=1.25",
        "curves=all=0/0.28 0.5/0.78 1/1",
        "format=yuv420p",
        WOBBLE,
        drawn(3, "curves=all=0/0.55 1/1"),
        PAPER,
        "format=gbrp",
        BORDER,
    ),
    "ink": (
        "format=gray",
        "format=yuv420p",
        drawn(5, "curves=all=0/0 0.5/0.3 0.85/1 1/1"),
        "lutyuv=y='clip(val*0.9+30,16,235)'",
        HATCHING,
        "lutyuv=y='clip(128+(val-105)*2.6,16,235)'",
        "gblur=sigma=0.45",
        "format=gbrp",
        "curves=r=0/0.02 1/0.98:g=0/0.03 1/0.95:b=0/0.16 1/0.87",
    ),
    "comic": (
        "format=yuv420p",
        "hue=s=1.7",
        drawn(6, "curves=all=0/0 0.5/0 0.75/1 1/1"),
        "lutyuv=y='floor((val+8)/36)*36+22'",
        DOTS,
    ),
    "neon": (
        "hue=s=1.3",
        "format=gbrp",
        "curves=r=0/0 1/0.3:g=0/0 1/0.2:b=0/0.05 1/0.42",
        SIGNS,
    ),
    "sepia": (
        "format=gray",
        "format=gbrp",
        "curves=r=0/0.12 0.5/0.62 1/1:g=0/0.06 0.5/0.48 1/0.93:b=0/0.02 0.5/0.32 1/0.78",
        "format=yuv420p",
        "noise=c0s=7:c0f=t",
        SHADE,
    ),
    "noir": ("hue=s=0", "curves=all=0/0 0.35/0.12 0.65/0.85 1/1", "vignette=PI/4"),
    "pixel": ("pixelize=width=12:height=12",),
    "negative": ("negate",),
    "snow": (
        "hue=s=0.3",
        "format=gbrp",
        "curves=r=0/0.2 0.5/0.66 1/0.98:g=0/0.24 0.5/0.7 1/1:b=0/0.32 0.5/0.78 1/1",
        "format=yuv420p",
        *SNOW,
    ),
    "night": (
        "hue=s=0.35",
        "format=gbrp",
        "curves=r=0/0 0.5/0.1 1/0.66:g=0/0.01 0.5/0.17 1/0.76:b=0/0.07 0.5/0.37 1/0.97",
        "format=yuv420p",
        STARS,
        SHADE,
    ),
    "warm": ("colortemperature=temperature=3200:mix=0.7", "hue=s=1.15"),
    "purple": ("colorize=hue=285:saturation=0.55:lightness=0.5:mix=0.6",),
    "green": ("colorize=hue=125:saturation=0.5:lightness=0.5:mix=0.6",),
    "gold": ("colorize=hue=42:saturation=0.75:lightness=0.5:mix=0.65", "vignette=PI/6"),
}
"""Those that a prompt can name. Where it names several, the first of them counts."""

MILD: dict[str, Chain] = {
    "bright": ("curves=all=0/0.03 0.5/0.6 1/1", "hue=s=1.2"),
    "cool": ("format=gbrp", "curves=r=0/0 0.5/0.42 1/0.95:b=0/0.02 0.5/0.57 1/1"),
    "faded": ("curves=all=0/0.14 1/0.92", "hue=s=0.65"),
    "rich": ("curves=all=0/0 0.3/0.2 0.7/0.8 1/1", "hue=s=1.35"),
}
"""Those of all other prompts."""

LOOKS = STYLES | MILD

KEYWORDS = {
    "watercolour": (
        "watercolour watercolor watercolours watercolors painting painted impressionist dreamy"
        " dream aquarell aquarelle gemälde peinture acuarela acquerello"
    ),
    "ink": "ink pen pencil drawing drawn sketch etching engraving tinte tusche encre dessin tinta",
    "comic": "comic comics cartoon anime manga pop popart poster bd dessinée cómic fumetto",
    "neon": "neon cyberpunk tron synthwave vaporwave glowing néon neón",
    "sepia": "sepia vintage old antique western 1920s sépia",
    "noir": "noir black white monochrome detective gray grey schwarzweiß",
    "pixel": "pixel pixels pixelated retro arcade 8bit lego",
    "negative": "negative inverted invert alien xray",
    "snow": "snow snowy snowfall winter ice frozen christmas schnee neige hiver nieve neve",
    "night": "night nighttime moonlight moon midnight dark rain nacht nuit noche notte",
    "warm": "warm sunset sunrise autumn fire summer red orange herbst automne",
    "purple": "purple violet lavender magenta pink",
    "green": "green emerald matrix moss",
    "gold": "gold golden yellow amber brass",
}

_WORDS = {look: set(words.split()) for look, words in KEYWORDS.items()}


def choose_look(prompt: str) -> str:
    """Return the first style that a word of the prompt names, else a mild look by its hash."""
    named = set(re.findall(r"\w+", prompt.lower()))
    for look in STYLES:
        if named & _WORDS[look]:
            return look
    digest = hashlib.sha256(prompt.encode()).digest()
    return sorted(MILD)[digest[0] % len(MILD)]
