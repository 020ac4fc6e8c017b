"""Reference images are a short list of https URLs and names in the storage."""

from __future__ import annotations

import pytest

from sora_remix.endpoints import References, is_url

IMAGES = References(param="images", as_list=True, maximum=2)


@pytest.mark.parametrize(
    "value",
    [[], ["https://x.example/a"], ["references/a.png", "b.JPG"], ("a.webp",)],
)
def test_urls_and_names_of_images_are_no_problem(value: object) -> None:
    assert IMAGES.problem(value) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a.png", "“images” must be a list."),
        (None, "“images” must be a list."),
        (["a.png"] * 3, "“images” holds 3 images; at most 2 are taken."),
        (["a.png", 7], "“images” must hold texts: “7” is none."),
        ([""], "“images” must hold texts: “” is none."),
        (
            ["http://x.example/a.png"],
            "“images” can hold only https URLs: “http://x.example/a.png” is none.",
        ),
        (["data:x.png"], "“images” can hold only https URLs: “data:x.png” is none."),
        (
            ["a.gif"],
            "“images” can't hold “a.gif”: its name must end in .jpg, .jpeg, .png, .webp.",
        ),
    ],
)
def test_what_is_no_reference_is_named(value: object, problem: str) -> None:
    assert IMAGES.problem(value) == problem


def test_a_name_may_end_in_anything_where_no_ending_is_asked_for() -> None:
    anything = References(param="images", as_list=True, maximum=1, extensions=())

    assert anything.problem(["a.gif"]) is None


def test_each_name_in_the_storage_is_listed_once() -> None:
    images = ["b.png", "https://x.example/a.png", "a.png", "b.png"]

    assert IMAGES.names(images) == ["b.png", "a.png"]
    assert IMAGES.names(None) == []


def test_only_an_https_address_is_a_url() -> None:
    assert is_url("https://x.example/a.png")
    assert not is_url("https/a.png")
