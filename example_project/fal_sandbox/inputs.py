"""The input of every endpoint, as fal's pages have it."""

from . import limits
from .schemas import choice, flag, model, models, number, optional, text, texts, whole

SEED = optional(whole(0, 2147483647))
STRENGTHS = [f"{word}_{step}" for word in ("adhere", "flex", "reimagine") for step in (1, 2, 3)]

SORA_2_REMIX = model(
    video_id=text(shortest=1),
    prompt=text(shortest=1),
    delete_video=flag(default=True),
)
FLUX_3 = model(
    prompt=text(longest=4096),
    video_url=text(description=limits.FLUX_3.words),
    safety_tolerance=number(0, 4, default=2),
)
KLING_O3 = model(
    prompt=text(longest=2500),
    video_url=text(description=limits.KLING_O3.words),
    image_urls=optional(texts()),
    elements=optional(models("KlingV3ComboElementInput")),
    keep_audio=flag(default=True),
    shot_type=choice("customize", default="customize"),
)
KLING_ELEMENT = model(
    frontal_image_url=text(),
    reference_image_urls=texts(least=1, most=3),
)
GEMINI_OMNI = model(
    prompt=text(longest=20_000),
    video_url=text(description=limits.ANY.words),
    resolution=choice("360p", "720p", "1080p", "4k", default="720p"),
)
WAN_27 = model(
    prompt=text(),
    video_url=text(description=limits.WAN_27.words),
    reference_image_url=optional(text()),
    resolution=choice("720p", "1080p", default="1080p"),
    aspect_ratio=optional(choice("16:9", "9:16", "1:1", "4:3", "3:4")),
    duration=choice(0, 2, 3, 4, 5, 6, 7, 8, 9, 10, default=0),
    audio_setting=choice("auto", "origin", default="auto"),
    seed=SEED,
    enable_safety_checker=flag(default=True),
)
HAPPY_HORSE = model(
    prompt=text(longest=2500),
    video_url=text(description=limits.HAPPY_HORSE.words),
    reference_image_urls=optional(texts(most=5)),
    resolution=choice("720p", "1080p", default="1080p"),
    audio_setting=choice("auto", "origin", default="auto"),
    seed=SEED,
    enable_safety_checker=flag(default=True),
)
GROK_IMAGINE = model(
    prompt=text(longest=4096),
    video_url=text(description=limits.GROK_IMAGINE.words),
    resolution=choice("auto", "480p", "720p", default="auto"),
)
LUMA_RAY = model(
    prompt=text(shortest=1, longest=6000),
    video_url=text(description=limits.LUMA_RAY.words),
    start_image_url=optional(text()),
    resolution=choice("540p", "720p", "1080p", default="540p"),
    duration=choice("5s", "10s", default="5s"),
    edit_strength=optional(choice(*STRENGTHS)),
    auto_controls=optional(flag()),
)
LUCY_RESTYLE = model(
    prompt=text(),
    video_url=text(description=limits.LUCY_RESTYLE.words),
    resolution=choice("720p", default="720p"),
    enhance_prompt=flag(default=True),
    seed=SEED,
    sync_mode=flag(default=False),
)
LUCY_EDIT_PRO = model(
    prompt=text(),
    video_url=text(description=limits.ANY.words),
    resolution=choice("720p", default="720p"),
    enhance_prompt=flag(default=True),
    sync_mode=flag(default=True),
)
