"""The landscapes that sample clips show."""

import math
import random

from .scenery import Profile, Ridge, Scene


def rolling(base: float, swing: float, wave: float, seed: int) -> Profile:
    """Return soft hills."""
    phases = [random.Random(seed).uniform(0, math.tau) for _ in range(3)]

    def profile(x: float) -> float:
        return base + swing * sum(
            math.sin(x / wave * (1 << k) + phase) / (1 << k) for k, phase in enumerate(phases)
        )

    return profile


def jagged(base: float, swing: float, wave: float, seed: int) -> Profile:
    """Return peaks."""
    phases = [random.Random(seed).uniform(0, 2) for _ in range(5)]

    def profile(x: float) -> float:
        return base + swing * sum(
            (abs((x / wave * (1 << k) + phase) % 2 - 1) - 0.5) / (1 << k)
            for k, phase in enumerate(phases)
        )

    return profile


def blocks(base: float, swing: float, wave: float, seed: int) -> Profile:
    """Return roofs of different heights."""

    def profile(x: float) -> float:
        number = int(x / wave)
        return base + swing * random.Random(seed * 1000 + number).random()

    return profile


def firs(base: float, swing: float, wave: float, seed: int) -> Profile:
    """Return tree tops on soft hills."""
    ground = rolling(base, swing / 4, wave * 8, seed)

    def profile(x: float) -> float:
        number, place = divmod(x / wave, 1)
        tall = swing * (0.5 + 0.5 * random.Random(seed * 1000 + int(number)).random())
        branch = 0.12 * (1 - abs((place * 8) % 2 - 1))
        return ground(x) + tall * max(0, 1 - abs(place * 2 - 1) * (1 + branch) - branch)

    return profile


SCENES = {
    "mountains": Scene(
        sky=((38, 24, 84), (214, 93, 120), (255, 190, 120)),
        disc=(255, 236, 190),
        place=(0.66, 0.5, 0.11),
        ridges=(
            Ridge(jagged(0.42, 0.30, 0.60, 3), (142, 84, 128), (222, 130, 128), 0.01),
            Ridge(jagged(0.30, 0.26, 0.50, 8), (92, 56, 110), (160, 84, 116), 0.03),
            Ridge(rolling(0.20, 0.06, 0.35, 5), (54, 34, 82), (84, 48, 92), 0.08),
            Ridge(firs(0.03, 0.16, 0.06, 2), (22, 16, 44), (16, 12, 32), 0.20),
        ),
    ),
    "sea": Scene(
        sky=((88, 170, 226), (172, 220, 240), (255, 244, 214)),
        disc=(255, 250, 224),
        place=(0.25, 0.26, 0.10),
        ridges=(
            Ridge(jagged(0.46, 0.10, 0.80, 12), (132, 172, 190), (150, 190, 200), 0.01),
            Ridge(rolling(0.42, 0.006, 0.05, 1), (40, 150, 176), (24, 104, 150), 0.12),
            Ridge(rolling(0.30, 0.016, 0.10, 2), (28, 128, 164), (18, 84, 130), 0.24),
            Ridge(rolling(0.18, 0.026, 0.16, 3), (20, 102, 144), (10, 58, 104), 0.42),
            Ridge(rolling(0.05, 0.036, 0.22, 4), (236, 248, 250), (12, 76, 120), 0.64),
        ),
    ),
    "city": Scene(
        sky=((6, 8, 28), (22, 26, 70), (86, 60, 120)),
        disc=(244, 240, 216),
        place=(0.78, 0.22, 0.09),
        stars=160,
        ridges=(
            Ridge(blocks(0.22, 0.40, 0.12, 4), (50, 46, 98), (72, 58, 116), 0.02),
            Ridge(blocks(0.12, 0.42, 0.17, 6), (28, 28, 66), (40, 36, 82), 0.06, windows=True),
            Ridge(blocks(0.02, 0.30, 0.23, 9), (12, 13, 36), (18, 18, 44), 0.16, windows=True),
        ),
    ),
    "forest": Scene(
        sky=((188, 214, 206), (226, 236, 214), (250, 244, 214)),
        disc=(255, 252, 236),
        place=(0.42, 0.34, 0.13),
        ridges=(
            Ridge(rolling(0.52, 0.06, 0.40, 4), (160, 194, 182), (204, 220, 200), 0.01),
            Ridge(firs(0.30, 0.20, 0.07, 3), (104, 152, 136), (162, 192, 172), 0.04),
            Ridge(firs(0.16, 0.26, 0.11, 5), (56, 108, 92), (104, 148, 124), 0.10),
            Ridge(firs(-0.02, 0.34, 0.19, 7), (18, 56, 48), (30, 76, 62), 0.24),
        ),
    ),
    "dunes": Scene(
        sky=((70, 130, 190), (166, 206, 224), (252, 226, 176)),
        disc=(255, 246, 214),
        place=(0.8, 0.2, 0.08),
        ridges=(
            Ridge(rolling(0.44, 0.05, 0.36, 21), (226, 170, 112), (214, 150, 96), 0.02),
            Ridge(rolling(0.30, 0.08, 0.46, 22), (214, 144, 80), (186, 112, 64), 0.06),
            Ridge(rolling(0.12, 0.10, 0.60, 24), (190, 112, 58), (128, 66, 44), 0.16),
        ),
    ),
}
