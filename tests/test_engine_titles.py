"""Results are titled by their source and their prompt."""

from __future__ import annotations

import pytest

from sora_remix.engine.titles import title_of_result
from sora_remix.models import Remix, Video

DUSK = "Mountains at dusk"


def title(source: str, prompt: str) -> str:
    return title_of_result(Remix(source=Video(title=source), prompt=prompt))


def test_results_of_several_videos_and_prompts_have_different_titles() -> None:
    found = {title(source, prompt) for source in (DUSK, "Sea") for prompt in ("snow", "at night")}

    expected = {f"{DUSK} – snow", f"{DUSK} – at night", "Sea – snow", "Sea – at night"}
    assert found == expected


@pytest.mark.parametrize(
    ("prompt", "expected"),
    [
        (f"{DUSK}, as a watercolour", f"{DUSK} – as a watercolour"),
        (f"{DUSK.upper()}: neon", f"{DUSK} – neon"),
        (DUSK, DUSK),
        (f"A watercolour of {DUSK}", f"A watercolour of {DUSK}"),
        (f"Neon for {DUSK}town", f"{DUSK} – Neon for {DUSK}town"),
        ("x" * 100 + DUSK, f"{DUSK} – {'x' * 79}…"),
    ],
)
def test_title_of_the_source_is_not_repeated(prompt: str, expected: str) -> None:
    assert title(DUSK, prompt) == expected


def test_long_prompt_is_shortened_and_in_one_line() -> None:
    assert title("Sea", "neon\n\n  at night " * 20) == f"Sea – {('neon at night ' * 6)[:79]}…"


def test_long_title_is_shortened_and_not_repeated() -> None:
    assert title("M" * 200, "M" * 200 + ", noir") == f"{'M' * 99}… – noir"


def test_result_of_a_result_names_both_prompts() -> None:
    assert title(title("Sea", "neon"), "snow") == "Sea – neon – snow"


def test_title_fits_into_its_column_with_combining_characters() -> None:
    accents = "a" + "\u0301" * 199

    assert len(title(accents, accents[1:])) <= 200


def test_source_without_a_title_leaves_the_prompt() -> None:
    assert title("", "make it noir") == "make it noir"
