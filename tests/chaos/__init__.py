"""Remixes while fal is faulty and workers are killed: nothing is paid twice or lost."""
