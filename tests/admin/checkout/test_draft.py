"""Input is accepted as the page showed it, or refused beside its field."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings

from sora_remix import services
from sora_remix.exceptions import Reason, RequestRefused
from sora_remix.models import Remix, RemixBatch, Video
from tests.checkout import (
    SORA,
    choose,
    draft,
    endpoint_of,
    errors,
    filled_in,
    forge,
    make_clip,
    options,
    page_of,
    recalculate,
    send,
    text_of,
)
from tests.factories import make_video
from tests.forms import submit
from tests.html import find, inner_text, texts

pytestmark = pytest.mark.django_db


def test_an_option_has_a_field_with_its_label_help_and_default(
    admin_client: Client, any_endpoint: None
) -> None:
    page = text_of(admin_client, draft())

    assert "What to avoid" in page
    assert "&lt;i&gt;Sharper&lt;/i&gt;" in page
    assert "Any &lt;b&gt;endpoint&lt;/b&gt;" in page
    assert 'id="id_option-sharp"' in page
    assert '<option value="720p" selected>720p</option>' in page


def _options(page: Any) -> tuple[str, bool]:
    """Return what the page says of the options, and whether they are shown."""
    fold = find(page, "details", id="sora-remix-options")
    return inner_text(find(fold, "summary")), fold.get("open") is not None


def test_options_are_folded_until_they_differ_from_their_defaults(
    admin_client: Client, any_endpoint: None
) -> None:
    batch = draft()
    chosen = {**options(size="1080p", seed="3", loop="false"), "option-sharp": None}

    pages = [admin_client.get(page_of(batch)), recalculate(admin_client, batch, chosen)]

    assert [_options(page) for page in pages] == [
        ("Options · defaults", False),
        ("Options · sharp: No, loop: No, seed: 3, 1080p", True),
    ]


def test_options_are_shown_while_one_of_them_is_wrong(
    admin_client: Client, any_endpoint: None
) -> None:
    page = recalculate(admin_client, draft(), options(seed="10"))

    assert _options(page) == ("Options · defaults", True)


def test_choices_read_as_words(admin_client: Client) -> None:
    page = choose(admin_client, draft(make_clip()), "luma-3.2")

    assert "adhere 1" in texts(page, "option")
    assert filled_in(page)["option-edit_strength"] == ""
    assert find(page, "option", value="adhere_1") is not None


def test_option_without_default_is_labelled_as_model_default(
    admin_client: Client, any_endpoint: None
) -> None:
    page = text_of(admin_client, draft())

    unchosen = "Model default"
    assert f'<option value="" selected>{unchosen}</option>' in page
    assert f'<option value="unknown" selected>{unchosen}</option>' in page
    assert page.count(f'placeholder="{unchosen}"') == 2


def test_rarely_used_options_are_collapsed(admin_client: Client, settings: Settings) -> None:
    seldom = [{**option, "advanced": True} for option in SORA["options"]]  # type: ignore[attr-defined]
    settings.SORA_REMIX_ENDPOINTS = {"any": {**SORA, "options": seldom}}
    settings.SORA_REMIX_ENDPOINT = "any"
    batch = draft()

    pages = [text_of(admin_client, batch)]
    pages.append(recalculate(admin_client, batch, options(seed="10")).content.decode())

    assert ['class="module aligned collapse"' in page for page in pages] == [True, True]
    assert [page.count("<details>") for page in pages] == [1, 0]


def test_prompt_has_the_hint_and_the_limit_of_the_record(admin_client: Client) -> None:
    page = choose(admin_client, draft(make_clip()), "kling-o3").content.decode()

    assert "In the prompt, call the video @Video1 and the first reference image @Image1." in page
    assert 'maxlength="2500"' in page
    assert "At most 2500 characters." in page


def test_options_are_sent_with_their_wire_types(admin_client: Client, any_endpoint: None) -> None:
    batch = draft()
    chosen = options(seed="3", strength="0.7", size="1080p", frames="24", loop="true", avoid="rain")

    send(admin_client, batch, {"prompt": "noir", "option-sharp": None, **chosen})

    assert batch.remixes.get().options == {
        "sharp": False,
        "loop": True,
        "seed": 3,
        "strength": 0.7,
        "size": "1080p",
        "frames": 24,
        "avoid": "rain",
    }


def test_blank_options_are_left_to_the_record(admin_client: Client, any_endpoint: None) -> None:
    batch = draft()
    blank = options(**dict.fromkeys(("seed", "strength", "size", "frames", "avoid"), ""))

    send(admin_client, batch, {"prompt": "noir", **blank, "option-size": "720p"})

    assert batch.remixes.get().options == {"sharp": True, "strength": 0.5, "size": "720p"}


@pytest.mark.parametrize("prompt", ["", "   ", "longer than twenty characters"])
def test_wrong_prompt_is_an_error_of_its_field(
    admin_client: Client, any_endpoint: None, prompt: str
) -> None:
    batch = draft()

    response = send(admin_client, batch, {"prompt": prompt})

    assert list(errors(response)) == ["prompt"]
    assert 'aria-describedby="id_prompt_helptext id_prompt_error"' in response.content.decode()
    assert not Remix.objects.exists()
    assert RemixBatch.objects.drafts().exists()


@pytest.mark.parametrize(
    ("name", "value"), [("seed", "10"), ("seed", "x"), ("size", "4k"), ("strength", "nan")]
)
def test_wrong_option_is_an_error_of_its_field(
    admin_client: Client, any_endpoint: None, name: str, value: str
) -> None:
    response = send(admin_client, draft(), {"prompt": "noir", **options(**{name: value})})

    assert name in errors(response)
    assert f'id="id_option-{name}_error"' in response.content.decode()
    assert not Remix.objects.exists()


def test_mutually_exclusive_options_are_refused_before_anything_is_sent(
    admin_client: Client,
) -> None:
    shown = choose(admin_client, draft(make_clip()), "luma-3.2")
    both = options(auto_controls="true", edit_strength="flex_1")

    response = submit(admin_client, shown, both, "_recalculate")

    assert list(errors(response)) == ["auto_controls"]


def test_error_without_a_field_is_shown_above_the_form(admin_client: Client) -> None:
    batch = draft(make_video(sora_id=""))

    response = forge(admin_client, batch, {"prompt": "noir"})

    assert errors(response) == {"__all__": ["There is no video to remix."]}
    assert RemixBatch.objects.drafts().exists()


def test_every_reason_of_a_refusal_is_shown_beside_its_field(
    admin_client: Client, any_endpoint: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> None:
        fields = ("prompts", "videos", "endpoint", "seed")
        raise RequestRefused([Reason(field, f"about {field}") for field in fields])

    monkeypatch.setattr(services, "confirm", refuse)

    response = send(admin_client, draft(), {"prompt": "noir"})

    assert errors(response) == {
        "prompt": ["about prompts"],
        "__all__": ["about videos"],
        "endpoint": ["about endpoint"],
        "seed": ["about seed"],
    }


def test_confirming_is_refused_when_the_cost_changed_since_the_page_was_shown(
    admin_client: Client,
) -> None:
    batch = draft(make_video(duration=None))
    values = filled_in(admin_client.get(page_of(batch)))
    Video.objects.update(duration=12)

    response = admin_client.post(page_of(batch), {**values, "prompt": "noir"})

    assert "Nothing was sent" in errors(response)["__all__"][0]
    assert 'value="Make 1 remix for $1.20"' in response.content.decode()
    assert not Remix.objects.exists()


def test_confirming_is_refused_without_the_terms_of_the_page(admin_client: Client) -> None:
    response = admin_client.post(page_of(draft()), {"prompt": "noir"})

    assert "Nothing was sent" in errors(response)["__all__"][0]
    assert not Remix.objects.exists()


def test_confirming_is_refused_for_options_whose_cost_was_not_shown(admin_client: Client) -> None:
    batch = draft(make_clip(duration=8))
    values = filled_in(choose(admin_client, batch, "wan-2.7"))
    shorter = {**values, "prompt": "noir", **options(duration="2")}

    response = admin_client.post(page_of(batch), shorter)
    again = admin_client.post(page_of(batch), {**filled_in(response), "prompt": "noir"})

    assert 'value="Make 1 remix for about $0.20"' in response.content.decode()
    assert again.status_code == 302
    assert batch.remixes.get().options["duration"] == 2


def test_confirming_is_refused_for_an_endpoint_that_was_not_shown(admin_client: Client) -> None:
    batch = draft(make_clip())

    response = send(admin_client, batch, {"prompt": "noir", "endpoint": "kling-o3"})

    assert "Nothing was sent" in errors(response)["__all__"][0]
    assert endpoint_of(response).key == "kling-o3"
    assert not Remix.objects.exists()


def test_options_without_effect_on_the_cost_need_no_second_confirmation(
    admin_client: Client, any_endpoint: None
) -> None:
    batch = draft()

    send(admin_client, batch, {"prompt": "noir", **options(seed="3")})

    assert batch.remixes.get().options["seed"] == 3


def test_unavailable_endpoint_is_an_error_of_its_field(
    admin_client: Client,
) -> None:
    response = send(admin_client, draft(make_clip()), {"prompt": "noir", "endpoint": "sora-2"})

    assert errors(response)["endpoint"] == ["Choose a model."]
    assert 'aria-describedby="id_endpoint_error"' in response.content.decode()
    assert endpoint_of(response).key == "flux-3"


def test_choosing_another_endpoint_keeps_the_prompt_and_uses_its_own_defaults(
    admin_client: Client,
) -> None:
    batch = draft(make_clip())

    response = recalculate(admin_client, batch, {"endpoint": "kling-o3", "prompt": "half a pro"})

    assert "half a pro" in response.content.decode()
    assert filled_in(response)["option-keep_audio"] == "on"
    assert errors(response) == {}


def test_recalculating_reports_no_required_fields_as_missing(
    admin_client: Client, any_endpoint: None
) -> None:
    typed = {**options(seed="7", size="1080p"), "option-sharp": None, "prompt": ""}

    response = recalculate(admin_client, draft(), typed)

    values = filled_in(response)
    assert (values["option-seed"], values["option-size"]) == ("7", "1080p")
    assert "option-sharp" not in values
    assert errors(response) == {}


def test_recalculating_reports_wrong_input_and_confirms_nothing(
    admin_client: Client, any_endpoint: None
) -> None:
    typed = {**options(seed="10"), "prompt": "longer than twenty characters"}

    response = recalculate(admin_client, draft(), typed)

    assert set(errors(response)) == {"prompt", "seed"}
    assert "Nothing was sent" not in response.content.decode()
    assert RemixBatch.objects.drafts().exists()


def test_turning_a_page_keeps_the_input_and_confirms_nothing(
    admin_client: Client, any_endpoint: None
) -> None:
    chosen = {"prompt": "noir", **options(seed="7", size="1080p"), "_page": "1"}

    response = forge(admin_client, draft(), chosen)

    assert filled_in(response)["option-seed"] == "7"
    assert "noir" in response.content.decode()
    assert RemixBatch.objects.drafts().exists()
    assert not Remix.objects.exists()


def test_recalculating_stays_on_the_same_page(admin_client: Client) -> None:
    batch = draft(*(make_video() for _ in range(101)))
    second = send(admin_client, batch, {"_page": "2"})

    response = admin_client.post(page_of(batch), {**filled_in(second), "_recalculate": "1"})

    assert "Page 2 of 2" in response.content.decode()
