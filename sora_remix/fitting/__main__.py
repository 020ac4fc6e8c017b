"""Make a clip: `python -m sora_remix.fitting SOURCE TARGET RECIPE`, with two descriptors."""

from .process import main

main()
