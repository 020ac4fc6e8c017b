"""Editors type any number of prompts, or add presets, without losing input."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from sora_remix.models import PromptPreset, Remix
from tests.checkout import (
    draft,
    errors,
    filled_in,
    forge,
    make_clip,
    page_of,
    recalculate,
    send,
    text_of,
)
from tests.factories import make_video
from tests.html import find, find_all, inner_text

pytestmark = pytest.mark.django_db


def _prompts(response: Any) -> list[str]:
    return ["".join(box.itertext()) for box in find_all(response, "textarea", name="prompt")]


def _labels(response: Any) -> list[str]:
    boxes = find_all(response, "textarea", name="prompt")
    return [inner_text(find(response, "label", **{"for": box.get("id", "")})) for box in boxes]


def _preset(text: str = "at night", **values: Any) -> PromptPreset:
    return PromptPreset.objects.create(**{"name": "Night", "is_shared": True, **values}, text=text)


def test_single_prompt_has_no_remove_button(admin_client: Client) -> None:
    page = text_of(admin_client, draft())

    assert page.count('name="prompt"') == 1
    assert 'name="_add"' in page
    assert 'name="_drop"' not in page
    assert 'name="_preset"' not in page


def test_adding_a_prompt_keeps_the_input(admin_client: Client) -> None:
    response = send(admin_client, draft(), {"prompt": "noir", "_add": "1"})

    assert _prompts(response) == ["noir", ""]
    assert _labels(response) == ["Prompt 1:", "Prompt 2:"]
    assert 'id="id_prompt_1" maxlength' not in response.content.decode()
    assert "autofocus" in response.content.decode().split('id="sora-remix-prompt-row-1"')[1]
    assert errors(response) == {}


@pytest.mark.parametrize(
    ("gone", "left", "focus"), [("0", ["b", "c"], 4), ("4", ["a", "c"], 2), ("2", ["a", "b"], 4)]
)
def test_removing_a_prompt_keeps_the_numbers_of_the_others(
    admin_client: Client, gone: str, left: list[str], focus: int
) -> None:
    typed = {"prompt": ["a", "b", "c"], "_numbers": "0 4 2", "_drop": gone}

    response = forge(admin_client, draft(), typed)

    assert _prompts(response) == left
    assert str(filled_in(response)["_numbers"]).split() == [n for n in "042" if n != gone]
    [focused] = [box for box in find_all(response, "textarea") if box.get("autofocus") is not None]
    assert focused in [*find(response, id=f"sora-remix-prompt-row-{focus}").iter()]


@pytest.mark.parametrize("gone", ["0", "7", "x"])
def test_last_prompt_can_not_be_removed(admin_client: Client, gone: str) -> None:
    response = forge(admin_client, draft(), {"prompt": "noir", "_drop": gone})

    assert _prompts(response) == ["noir"]


def test_every_video_is_remixed_with_every_prompt(admin_client: Client) -> None:
    batch = draft(make_video(title="Sea"), make_video(title="Sky"))
    shown = recalculate(admin_client, batch, {"prompt": ["noir", "{title}\r\nat night"]})

    values = {**filled_in(shown), "prompt": ["noir", "{title}\r\nat night"]}
    admin_client.post(page_of(batch), values)

    made = {(remix.source.title, remix.prompt) for remix in batch.remixes.all()}
    assert made == {
        ("Sea", "noir"),
        ("Sky", "noir"),
        ("Sea", "Sea\nat night"),
        ("Sky", "Sky\nat night"),
    }


def test_prompts_without_numbers_get_new_numbers(admin_client: Client) -> None:
    typed = {"prompt": ["a", "b"], "_numbers": "3", "_recalculate": "1"}

    response = admin_client.post(page_of(draft()), typed)

    assert str(filled_in(response)["_numbers"]).split() == ["3", "4"]


def test_confirming_is_refused_for_more_prompts_than_were_priced(admin_client: Client) -> None:
    response = send(admin_client, draft(), {"prompt": ["noir", "gold"]})

    assert "Nothing was sent" in errors(response)["__all__"][0]
    assert 'value="Make 2 remixes for $0.80"' in response.content.decode()
    assert not Remix.objects.exists()


def test_empty_prompt_is_an_error_only_when_confirming(admin_client: Client) -> None:
    batch = draft()
    shown = send(admin_client, batch, {"prompt": "noir", "_add": "1"})

    response = admin_client.post(page_of(batch), {**filled_in(shown), "prompt": ["noir", " "]})

    assert (list(errors(shown)), list(errors(response))) == ([], ["prompt_1"])
    assert 'id="id_prompt_1_error"' in response.content.decode()


@pytest.mark.parametrize("prompt", ["{name}", "{", "a } b"])
def test_wrong_placeholder_is_an_error_of_its_prompt(admin_client: Client, prompt: str) -> None:
    response = recalculate(admin_client, draft(), {"prompt": ["noir", prompt]})

    assert list(errors(response)) == ["prompt_1"]
    assert "type it twice" in errors(response)["prompt_1"][0]


def test_prompt_too_long_after_filling_in_names_the_video(
    admin_client: Client, any_endpoint: None
) -> None:
    batch = draft(make_video(title="<b>Mediterranean</b> Sea"), make_video(title="Sky"))

    response = recalculate(admin_client, batch, {"prompt": "{title}"})

    [error] = errors(response)["prompt"]
    assert error.startswith(
        "“<b>Mediterranean</b> Sea”: its prompt has 24 characters after replacement."
    )
    assert "&lt;b&gt;Mediterranean&lt;/b&gt; Sea”: its prompt has" in response.content.decode()


def test_presets_of_the_endpoint_are_offered_first(admin_client: Client, admin_user: User) -> None:
    _preset(name="A", endpoint="kling-o3")
    _preset(name="B", is_shared=False, owner=admin_user)
    _preset(name="<C>", endpoint="flux-3")
    _preset(name="Hidden", is_shared=False)

    response = admin_client.get(page_of(draft(make_clip())))

    groups = find_all(find(response, "select", name="_preset"), "optgroup")
    assert [[inner_text(option) for option in group] for group in groups] == [
        ["<C>"],
        ["B"],
        ["A"],
    ]
    assert "&lt;C&gt;" in response.content.decode()
    assert "Hidden" not in response.content.decode()


def test_preset_is_added_as_a_prompt(admin_client: Client) -> None:
    preset = _preset("{title} <i>at night</i>")
    chosen = {"prompt": "noir", "_preset": str(preset.pk), "_use": "1"}

    response = send(admin_client, draft(), chosen)

    assert _prompts(response) == ["noir", "{title} <i>at night</i>"]
    assert "{title} &lt;i&gt;at night&lt;/i&gt;</textarea>" in response.content.decode()


def test_preset_replaces_an_empty_prompt(
    admin_client: Client,
) -> None:
    chosen = {"prompt": " ", "_preset": str(_preset().pk), "_use": "1"}

    response = send(admin_client, draft(), chosen)

    assert _prompts(response) == ["at night"]
    assert str(filled_in(response)["_numbers"]).split() == ["1"]


@pytest.mark.parametrize("number", ["", "x", "999"])
def test_missing_preset_adds_nothing(admin_client: Client, number: str) -> None:
    response = forge(admin_client, draft(), {"prompt": "a", "_preset": number, "_use": "1"})

    assert _prompts(response) == ["a"]


def test_preset_of_another_user_can_not_be_added_by_its_number(admin_client: Client) -> None:
    hidden = _preset("secret", is_shared=False)
    chosen = {"prompt": "a", "_preset": str(hidden.pk), "_use": "1"}

    response = forge(admin_client, draft(), chosen)

    assert _prompts(response) == ["a"]


@pytest.mark.parametrize("button", ["_add", "_drop", "_use", "_enter"])
def test_no_button_beside_the_prompts_confirms_the_draft(admin_client: Client, button: str) -> None:
    response = forge(admin_client, draft(), {"prompt": "noir", button: "0"})

    assert response.status_code == 200
    assert not Remix.objects.exists()
