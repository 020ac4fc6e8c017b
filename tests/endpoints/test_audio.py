"""Editors learn whether the result has sound."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from sora_remix.endpoints import Audio

KEPT = "The video's sound is kept."
DROPPED = "The video's sound is removed."
UNDECIDED = "The model decides whether the video's sound is kept."
KLING = Audio(policy="switch", param="keep_audio", keep=True, drop=False)
WAN = Audio(policy="switch", param="audio_setting", keep="origin")
SILENT = Audio(policy="switch", param="silent", drop=True)


@pytest.mark.parametrize(
    ("policy", "sentence"),
    [
        ("carried", KEPT),
        ("generated", "The model makes new sound. The video's own sound is not kept."),
        ("none", "The result has no sound."),
        ("unknown", "It is unknown what happens to the sound."),
    ],
)
def test_audio_is_unaffected_without_a_switch(
    policy: Literal["carried", "generated", "none", "unknown"], sentence: str
) -> None:
    assert Audio(policy=policy).sentence({"": True}) == sentence


@pytest.mark.parametrize(
    ("audio", "options", "note"),
    [
        (Audio(policy="carried"), {}, "keeps the sound"),
        (Audio(policy="generated"), {}, "makes new sound"),
        (Audio(policy="none"), {}, "no sound"),
        (Audio(policy="unknown"), {}, "sound unknown"),
        (KLING, {"keep_audio": True}, "keeps the sound"),
        (KLING, {"keep_audio": False}, "removes the sound"),
        (WAN, {"audio_setting": "auto"}, "may keep the sound"),
    ],
)
def test_audio_is_described_in_a_few_words(
    audio: Audio, options: dict[str, Any], note: str
) -> None:
    assert audio.note(options) == note


@pytest.mark.parametrize(
    ("audio", "options", "sentence"),
    [
        (KLING, {"keep_audio": True}, KEPT),
        (KLING, {"keep_audio": False}, DROPPED),
        (KLING, {"keep_audio": 1}, UNDECIDED),
        (KLING, {"keep_audio": 0}, UNDECIDED),
        (KLING, {}, UNDECIDED),
        (WAN, {"audio_setting": "origin"}, KEPT),
        (WAN, {"audio_setting": "auto"}, UNDECIDED),
        (WAN, {"audio_setting": None}, UNDECIDED),
        (SILENT, {"silent": True}, DROPPED),
        (SILENT, {"silent": None}, UNDECIDED),
    ],
)
def test_audio_switch_decides_by_its_wire_value(
    audio: Audio, options: dict[str, Any], sentence: str
) -> None:
    assert audio.sentence(options) == sentence
