"""Start a decoder: `python -m sora_remix.decoding`."""

from .server import main

main()
