"""Shim."""


def clean(text: str, most: int) -> str:
    return text[:most]
