"""Decode foreign media in a separate process.

Nothing here imports Django or the rest of the app, so the process starts quickly, stays small, and
has neither settings nor keys. `sora_remix.media` starts it.
"""
