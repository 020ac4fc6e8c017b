"""Remixes while fal answers badly and workers are killed: nothing twice, nothing lost."""
