"""An upload is titled by the name of its file."""

from __future__ import annotations

import pytest

from sora_remix.admin.files.file_titles import title_from_name


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("sea.mp4", "sea"),
        ("Sea_at-dawn  2.MOV", "Sea at dawn 2"),
        ("_take_1_.webm", "take 1"),
        ("v1.2 final.mp4", "v1.2 final"),
        ("no extension", "no extension"),
        ("Cafe\u0301.mp4", "Café"),
        ("a\u202egpj\0.mp4", "agpj"),
        (".mp4", "Untitled"),
        ("---.mp4", "Untitled"),
        ("a" * 300 + ".mp4", "a" * 200),
    ],
)
def test_title_is_the_tidied_name(name: str, title: str) -> None:
    assert title_from_name(name) == title
