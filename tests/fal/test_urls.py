"""Keys, tokens and files are sent only to safe URLs."""

from __future__ import annotations

import pytest

from sora_remix.fal.urls import is_safe_url


@pytest.mark.parametrize(
    ("url", "safe"),
    [
        ("https://rest.fal.ai/.well-known/jwks.json", True),
        ("https://127.0.0.1:8443", True),
        ("http://127.0.0.1:8000", True),
        ("http://localhost", True),
        ("http://[::1]:8000/", True),
        ("http://www.example.com", False),
        ("http://10.0.0.1", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost@example.com", False),
        ("http://", False),
        ("https://example.com:port", False),
        ("www.example.com", False),
    ],
)
def test_https_and_loopback_are_secure(url: str, safe: bool) -> None:
    assert is_safe_url(url) == safe
