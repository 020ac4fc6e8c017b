"""Make a clip from a video by a recipe, in a separate process.

Like `sora_remix.decoding`, nothing here imports Django, and the process has neither settings nor
keys. `sora_remix.media.fitter` starts it.
"""
