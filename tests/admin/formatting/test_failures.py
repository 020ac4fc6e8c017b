"""A failure has a kind, a reason, and advice what to change."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from sora_remix.admin.formatting import outcomes
from sora_remix.admin.formatting.input_errors import INPUTS
from sora_remix.models import Remix
from sora_remix.models.status import Status
from tests.factories import make_remix
from tests.remix_actions import LIST

pytestmark = pytest.mark.django_db


def _failed(code: str, **values: Any) -> Remix:
    return make_remix(status=Status.FAILED, error_code=code, **values)


def _answer(context: str) -> str:
    return f'HTTP 422: {{"detail": [{{"type": "x", "ctx": {{{context}}}}}]}}'


@pytest.mark.parametrize(
    ("code", "message", "label"),
    [
        ("content_policy_violation", "", "Content refused"),
        ("video_duration_too_long", "", "Invalid input"),
        ("source_not_remixable", "", "Invalid input"),
        ("http_422", "", "Invalid input"),
        ("value_error.missing", "HTTP 422: …", "Invalid input"),
        ("generation_timeout", "", "Technical problem"),
        ("runner_disconnected", "", "Technical problem"),
        ("http_503", "", "Technical problem"),
        ("cannot_reach_fal", "", "Technical problem"),
        ("credentials_refused", "", "Needs an administrator"),
        ("result_expired", "", "Finished, but not stored"),
        ("given_up", "", "Given up"),
        ("tea", "HTTP 418", "Unknown reason"),
    ],
)
def test_moderation_faults_and_wrong_input_have_different_labels(
    admin_client: Client, code: str, message: str, label: str
) -> None:
    remix = _failed(code, error_message=message)

    urls = (LIST, f"{LIST}{remix.pk}/change/")
    pages = [admin_client.get(url).content.decode() for url in urls]

    assert all(f"<strong>{label}:</strong>" in page for page in pages)


def test_clip_that_could_not_be_made_is_explained_with_the_reason() -> None:
    message = "It breaks off at 12.3 s."

    said = outcomes.explain(_failed("source_unusable", error_message=message, recipe="{}"))

    assert said == (
        "The clip could not be made from this video, so nothing was sent. It breaks off at 12.3 s. "
        "Nothing was charged. Choose a part that plays, or upload the video in another format. "
        "Retrying won't help unless you change something."
    )


def test_file_that_went_away_before_its_clip_was_made_is_no_fault_of_fal() -> None:
    ours = outcomes.explain(_failed("source_unreachable", recipe="{}"))
    theirs = outcomes.explain(_failed("source_unreachable"))

    assert ours.startswith("The file of the video was replaced or removed, or could not be loaded.")
    assert theirs.startswith("fal could not load the source.")


@pytest.mark.parametrize("status", [one for one in Status if one != Status.FAILED])
def test_remix_that_did_not_fail_has_no_failure_label(status: Status) -> None:
    assert outcomes.label(make_remix(status=status)) == ""


@pytest.mark.parametrize("code", INPUTS)
def test_each_input_error_of_fal_says_what_to_change(code: str) -> None:
    fault = INPUTS[code]

    explained = outcomes.explain(_failed(code, error_message="HTTP 422: not JSON"))

    assert explained.startswith(str(fault.cause))
    assert str(fault.remedy) in explained
    assert explained.endswith("Retrying won't help unless you change something.")


@pytest.mark.parametrize(
    ("code", "context", "remedy"),
    [
        ("video_duration_too_long", '"max_duration": 15', "Choose a video of at most 15 seconds."),
        ("video_duration_too_short", '"min_duration": 0.7', "at least 0.7 seconds."),
        ("file_too_large", '"max_size": 52428800', "Choose a file of at most 50.0\xa0MB."),
        ("file_too_large", '"max_size": "50MB"', "Choose a file of at most 50MB."),
        ("image_too_small", '"min_height": 720, "min_width": 1280', "at least 1280 × 720 pixels."),
        ("unsupported_video_format", '"supported_formats": [".mp4", ".mov"]', ": .mp4, .mov."),
        ("string_too_long", '"max_length":2000', "Shorten the prompt to at most 2000 characters."),
        ("less_than_equal", '"le": 10', "Choose at most 10."),
        ("one_of", '"expected": ["720p", "1080p"]', "Choose one of 720p, 1080p."),
    ],
)
def test_limit_is_named_if_the_answer_contains_it(code: str, context: str, remedy: str) -> None:
    assert remedy in outcomes.explain(_failed(code, error_message=_answer(context)))


@pytest.mark.parametrize(
    ("code", "message", "remedy"),
    [
        ("video_duration_too_long", _answer('"max_duration": 1.2.3'), "Choose a shorter video."),
        ("video_duration_too_long", _answer('"max_duration": null'), "Choose a shorter video."),
        ("image_too_small", _answer('"min_width": 1280'), "Choose one with more pixels."),
        ("unsupported_video_format", '"supported_formats": [".mp4", ".m', "in another format."),
    ],
)
def test_unreadable_limit_is_omitted(code: str, message: str, remedy: str) -> None:
    assert remedy in outcomes.explain(_failed(code, error_message=message))


def test_limit_from_fal_is_shortened_and_escaped(admin_client: Client) -> None:
    context = f'"supported_formats": ["<b>{"x" * 200}</b>"]'
    _failed("unsupported_video_format", error_message=_answer(context))

    page = admin_client.get(LIST).content.decode()

    assert f"&lt;b&gt;{'x' * 57}." in page
