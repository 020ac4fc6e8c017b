"""Decode foreign media in a process of its own.

Nothing here imports Django or the rest of the app: the process starts quickly, stays small, and
knows neither settings nor keys. `media` starts it and asks it.
"""
