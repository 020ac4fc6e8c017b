"""Reference images are a short list of https URLs and names in the storage."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

import pytest

from sora_remix.endpoints import References, is_url

IMAGES = References(param="images", as_list=True, maximum=2)


@pytest.mark.parametrize(
    "value",
    [[], ["https://x.example/a"], ["references/a.png", "b.JPG"], ("a.webp",)],
)
def test_urls_and_image_names_are_valid_references(value: object) -> None:
    assert IMAGES.problem(value) is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("a.png", "“images” must be a list."),
        (None, "“images” must be a list."),
        (["a.png"] * 3, "“images” has 3 images, but at most 2 are allowed."),
        (["a.png", 7], "“images” must contain only texts, but “7” is not a text."),
        ([""], "“images” must contain only texts, but “” is not a text."),
        (
            ["http://x.example/a.png"],
            "“images” must contain only https URLs, but “http://x.example/a.png” is not one.",
        ),
        (["data:x.png"], "“images” must contain only https URLs, but “data:x.png” is not one."),
        (
            ["a.gif"],
            "“images” can't contain “a.gif”: its name must end in .jpg, .jpeg, .png, .webp.",
        ),
    ],
)
def test_invalid_reference_is_named(value: object, problem: str) -> None:
    assert IMAGES.problem(value) == problem


def test_name_can_have_any_extension_without_a_list_of_extensions() -> None:
    anything = References(param="images", as_list=True, maximum=1, extensions=())

    assert anything.problem(["a.gif"]) is None


def test_each_name_in_the_storage_is_listed_once() -> None:
    images = ["b.png", "https://x.example/a.png", "a.png", "b.png"]

    assert IMAGES.names(images) == ["b.png", "a.png"]
    assert IMAGES.names(None) == []


def test_only_an_https_address_is_a_url() -> None:
    assert is_url("https://x.example/a.png")
    assert not is_url("https/a.png")


@dataclass
class Image:
    size: int = 1_000_000
    width: int = 400
    height: int = 300
    extension: str = ".png"


LIMITED = References(
    param="images",
    as_list=True,
    maximum=2,
    max_bytes=10_000_000,
    min_side=300,
    min_aspect=Decimal("0.4"),
    max_aspect=Decimal("2.5"),
)


@pytest.mark.parametrize(
    ("image", "refusal"),
    [
        (Image(), None),
        (Image(size=10_000_001), "Its size is 10.1 MB, but the model accepts at most 10 MB."),
        (
            Image(height=299),
            "Its shorter side is 299 px, but the model accepts at least 300 px.",
        ),
        (
            Image(width=751),
            "Its aspect ratio is 2.51 : 1, but the model accepts at most 2.5 : 1.",
        ),
        (
            Image(width=300, height=751),
            "Its aspect ratio is 0.39 : 1, but the model accepts at least 0.4 : 1.",
        ),
        (
            Image(extension=".gif"),
            "It is an image of type GIF, but the model accepts JPG, JPEG, PNG, WEBP.",
        ),
    ],
)
def test_image_outside_the_limits_is_refused(image: Image, refusal: str | None) -> None:
    assert LIMITED.refusal(image) == refusal


def test_every_image_is_accepted_without_limits() -> None:
    references = References(param="images", as_list=True, maximum=2, extensions=())

    assert references.refusal(Image(size=10**9, width=1, extension=".gif")) is None
    assert references.limits() == []


def test_limits_are_stated_in_short_sentences() -> None:
    assert [str(limit) for limit in LIMITED.limits()] == [
        "Files: JPG, JPEG, PNG, WEBP",
        "Size: at most 10 MB",
        "Shorter side: at least 300 px",
        "Aspect ratio: at least 0.4 : 1, at most 2.5 : 1",
    ]
