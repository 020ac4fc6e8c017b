"""Serve the parent that started this process: `python -m sora_remix.decoding`."""

from .server import main

main()
