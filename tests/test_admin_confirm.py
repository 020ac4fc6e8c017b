"""What a selection costs is shown, confirmed once, and made once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries, Settings

from sora_remix.models import Remix, RemixBatch, Video
from tests.factories import at_once, make_remix, make_video

pytestmark = pytest.mark.django_db

BATCHES = "/admin/sora_remix/remixbatch/"
PERMISSIONS = ("remix_video", "view_video", "view_remix")
ENDPOINT = {
    "endpoint_id": "fal-ai/any",
    "label": "Any <b>endpoint</b>",
    "source": {"kind": "sora_id", "param": "video_id"},
    "price": {"per_source_second": "0.1", "is_firm": False},
    "prompt_max": 20,
    "options": [
        {"name": "sharp", "kind": "bool", "default": True, "help": "<i>Sharper</i>"},
        {"name": "loop", "kind": "bool"},
        {"name": "seed", "kind": "int", "minimum": 1, "maximum": 9},
        {"name": "strength", "kind": "number", "default": 0.5},
        {"name": "size", "kind": "enum", "choices": ["720p", "1080p"], "default": "720p"},
        {"name": "frames", "kind": "int", "choices": [24, 30]},
        {"name": "avoid", "kind": "text", "label": "What to avoid"},
    ],
}


@pytest.fixture
def any_endpoint(settings: Settings) -> None:
    """An endpoint with an option of each kind, and a price that is not certain."""
    settings.SORA_REMIX_ENDPOINTS = {"any": ENDPOINT}
    settings.SORA_REMIX_ENDPOINT = "any"


def _draft(*videos: Video) -> RemixBatch:
    pks = [video.pk for video in videos or (make_video(),)]
    return RemixBatch.objects.start(pks, by=AnonymousUser())


def _page(batch: RemixBatch) -> str:
    return reverse("admin:sora_remix_remixbatch_confirm", args=[batch.pk])


def _remixes(batch: RemixBatch) -> str:
    return f"/admin/sora_remix/remix/?batch__id__exact={batch.pk}"


def _staff(client: Client, permissions: Iterable[str]) -> User:
    user = User.objects.create_user("editor", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


def _text(client: Client, batch: RemixBatch) -> str:
    return client.get(_page(batch)).content.decode()


def _errors(response: Any) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = response.context["form"].errors
    return errors


def test_the_page_shows_what_each_video_and_all_of_them_cost(admin_client: Client) -> None:
    batch = _draft(make_video(title="Sea", duration=4), make_video(duration="8.25"))

    page = _text(admin_client, batch)

    assert "<td>4 s</td><td>$0.40</td>" in page
    assert "<td>8.25 s</td><td>$0.825</td>" in page
    assert 'value="Remix 2 videos for $1.225"' in page
    assert "Sora 2" in page


def test_an_unknown_length_costs_unknown_and_never_nothing(admin_client: Client) -> None:
    batch = _draft(make_video(duration=None), make_video(duration=None), make_video(duration=12))

    page = _text(admin_client, batch)

    assert "<td>unknown</td><td>cost unknown</td>" in page
    assert 'value="Remix 3 videos for $1.20 + 2 of unknown cost"' in page
    assert "$0.00" not in page


def test_the_button_says_when_nothing_is_known_of_the_cost(admin_client: Client) -> None:
    page = _text(admin_client, _draft(make_video(duration=None)))

    assert 'value="Remix 1 video (cost unknown)"' in page


def test_a_price_that_is_not_firm_is_about(admin_client: Client, any_endpoint: None) -> None:
    page = _text(admin_client, _draft())

    assert 'value="Remix 1 video for about $0.40"' in page


def test_the_page_says_which_videos_cannot_be_remixed_and_why(admin_client: Client) -> None:
    batch = _draft(make_video(), make_video(sora_id="", title="Upload"))

    page = _text(admin_client, batch)

    assert "1 video can't be remixed" in page
    assert "<td>It is not a Sora generation: it has no Sora id.</td>" in page
    assert 'value="Remix 1 video for $0.40"' in page


def test_without_any_video_to_remix_there_is_no_button(admin_client: Client) -> None:
    batch = _draft(make_video(sora_id=""))

    page = _text(admin_client, batch)

    assert "none of the selected videos can be remixed" in page
    assert 'type="submit" class="default"' not in page


def test_a_draft_whose_videos_were_deleted_says_so(admin_client: Client) -> None:
    batch = _draft()
    Video.objects.all().delete()

    assert "the videos of this selection were deleted" in _text(admin_client, batch)


def test_a_retired_endpoint_is_announced_with_its_day(
    admin_client: Client, settings: Settings
) -> None:
    settings.SORA_REMIX_ENDPOINTS = {"any": {**ENDPOINT, "ends_on": date(2026, 9, 24)}}
    settings.SORA_REMIX_ENDPOINT = "any"

    page = _text(admin_client, _draft())

    assert "was switched off by its provider on Sept. 24, 2026" in page


def test_a_living_endpoint_is_not_announced_as_retired(
    admin_client: Client, any_endpoint: None
) -> None:
    assert "was switched off" not in _text(admin_client, _draft())


@pytest.mark.parametrize(
    "wrong", [{"SORA_REMIX_ENDPOINT": "<typo>"}, {"SORA_REMIX_ENDPOINTS": {"<typo>": {}}}]
)
def test_a_wrong_endpoint_setting_is_shown_without_a_button(
    admin_client: Client, settings: Settings, wrong: dict[str, Any]
) -> None:
    for name, value in wrong.items():
        setattr(settings, name, value)

    page = _text(admin_client, _draft())

    assert "&lt;typo&gt;" in page
    assert 'type="submit" class="default"' not in page


def test_titles_and_prompts_are_shown_as_text(admin_client: Client) -> None:
    batch = _draft(make_video(title="<script>1</script>", sora_id="x"), make_video(duration=None))
    prompt = "</textarea><script>2</script>"

    response = admin_client.post(_page(batch), {"prompt": prompt, "_terms": "others"})

    page = response.content.decode()
    assert "<script>1" not in page
    assert "<script>2" not in page
    assert "&lt;script&gt;1" in page


def test_an_option_has_a_field_with_its_label_help_and_default(
    admin_client: Client, any_endpoint: None
) -> None:
    page = _text(admin_client, _draft())

    assert "What to avoid" in page
    assert "&lt;i&gt;Sharper&lt;/i&gt;" in page
    assert "Any &lt;b&gt;endpoint&lt;/b&gt;" in page
    assert 'id="id_sharp" checked' in page
    assert '<option value="720p" selected>720p</option>' in page
    assert '<option value="" selected>As the endpoint chooses</option>' in page


def test_confirming_makes_the_remixes_and_leads_to_them(client: Client) -> None:
    user = _staff(client, PERMISSIONS)
    batch = _draft(make_video(), make_video(), make_video(sora_id=""))

    response = client.post(_page(batch), {"prompt": "noir\r\nand rain", "delete_video": "on"})

    assert response.url == _remixes(batch)  # type: ignore[attr-defined]
    remixes = list(batch.remixes.all())
    assert len(remixes) == 2
    assert {remix.prompt for remix in remixes} == {"noir\nand rain"}
    assert remixes[0].options == {"delete_video": True}
    assert remixes[0].requested_by == user
    assert remixes[0].estimated_cost == Decimal("0.40")


def test_the_list_says_that_the_remixes_are_on_their_way(admin_client: Client) -> None:
    page = admin_client.post(_page(_draft()), {"prompt": "noir"}, follow=True).content.decode()

    assert "1 remix is on its way." in page


def test_options_are_sent_with_their_wire_types(admin_client: Client, any_endpoint: None) -> None:
    batch = _draft()
    chosen = {"seed": "3", "strength": "0.7", "size": "1080p", "frames": "24", "loop": "true"}

    admin_client.post(_page(batch), {"prompt": "noir", **chosen, "avoid": "rain"})

    assert batch.remixes.get().options == {
        "sharp": False,
        "loop": True,
        "seed": 3,
        "strength": 0.7,
        "size": "1080p",
        "frames": 24,
        "avoid": "rain",
    }


def test_options_left_blank_are_left_to_the_record(
    admin_client: Client, any_endpoint: None
) -> None:
    batch = _draft()
    blank = dict.fromkeys(("seed", "strength", "size", "frames", "avoid"), "")

    admin_client.post(_page(batch), {"prompt": "noir", "sharp": "on", **blank})

    assert batch.remixes.get().options == {"sharp": True, "strength": 0.5, "size": "720p"}


@pytest.mark.parametrize("prompt", ["", "   ", "longer than twenty characters"])
def test_a_wrong_prompt_is_named_beside_its_field(
    admin_client: Client, any_endpoint: None, prompt: str
) -> None:
    batch = _draft()

    response = admin_client.post(_page(batch), {"prompt": prompt})

    assert list(_errors(response)) == ["prompt"]
    assert not Remix.objects.exists()
    assert RemixBatch.objects.drafts().exists()


@pytest.mark.parametrize(
    ("name", "value"), [("seed", "10"), ("seed", "x"), ("size", "4k"), ("strength", "nan")]
)
def test_a_wrong_option_is_named_beside_its_field(
    admin_client: Client, any_endpoint: None, name: str, value: str
) -> None:
    response = admin_client.post(_page(_draft()), {"prompt": "noir", name: value})

    assert list(_errors(response)) == [name]
    assert not Remix.objects.exists()


def test_what_has_no_field_is_named_above_the_form(admin_client: Client) -> None:
    batch = _draft(make_video(sora_id=""))

    response = admin_client.post(_page(batch), {"prompt": "noir"})

    assert _errors(response) == {"__all__": ["There is no video to remix."]}
    assert RemixBatch.objects.drafts().exists()


def test_nothing_is_spent_when_the_cost_has_changed_meanwhile(admin_client: Client) -> None:
    video = make_video(duration=None)
    batch = _draft(video)
    terms = admin_client.get(_page(batch)).context["offer"].terms
    Video.objects.update(duration=12)

    response = admin_client.post(_page(batch), {"prompt": "noir", "_terms": terms})

    assert "have changed" in _errors(response)["__all__"][0]
    assert 'value="Remix 1 video for $1.20"' in response.content.decode()
    assert not Remix.objects.exists()


def test_what_the_page_showed_is_made(admin_client: Client) -> None:
    batch = _draft()
    terms = admin_client.get(_page(batch)).context["offer"].terms

    admin_client.post(_page(batch), {"prompt": "noir", "_terms": terms})

    assert batch.remixes.count() == 1


@pytest.mark.parametrize("prompt", ["noir", "gold"])
def test_confirming_twice_makes_the_remixes_once(admin_client: Client, prompt: str) -> None:
    batch = _draft(make_video(), make_video())
    admin_client.post(_page(batch), {"prompt": "noir"})

    response = admin_client.post(_page(batch), {"prompt": prompt}, follow=True)

    assert response.redirect_chain == [(_remixes(batch), 302)]
    assert "This batch was confirmed already" in response.content.decode()
    assert [remix.prompt for remix in Remix.objects.all()] == ["noir", "noir"]


@pytest.mark.django_db(transaction=True)
def test_confirming_at_the_same_moment_makes_the_remixes_once(admin_user: User) -> None:
    batch = _draft(make_video(), make_video())

    def confirm() -> str:
        client = Client()
        client.force_login(admin_user)
        url: str = client.post(_page(batch), {"prompt": "noir"}).url  # type: ignore[attr-defined]
        return url

    urls = at_once(confirm, times=4)

    assert set(urls) == {_remixes(batch)}
    assert batch.remixes.count() == 2


def test_the_page_of_a_confirmed_batch_leads_to_its_remixes(admin_client: Client) -> None:
    batch = _draft()
    batch.confirm()

    response = admin_client.get(_page(batch))

    assert response.url == _remixes(batch)  # type: ignore[attr-defined]


def test_who_may_not_see_remixes_is_led_back_to_the_videos(client: Client) -> None:
    _staff(client, ("remix_video", "view_video"))
    batch = _draft()

    response = client.post(_page(batch), {"prompt": "noir"}, follow=True)

    assert response.redirect_chain == [("/admin/sora_remix/video/", 302)]
    assert "on its way" in response.content.decode()
    assert batch.remixes.count() == 1


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize(
    ("permissions", "status"),
    [((), 403), (("view_remixbatch", "change_remixbatch", "add_remix"), 403)],
)
def test_the_page_needs_the_permission_to_remix(
    client: Client, method: str, permissions: tuple[str, ...], status: int
) -> None:
    _staff(client, permissions)
    batch = _draft()

    response = getattr(client, method)(_page(batch), {"prompt": "noir"})

    assert response.status_code == status
    assert not Remix.objects.exists()


def test_the_permission_to_remix_is_enough(client: Client) -> None:
    _staff(client, ("remix_video",))
    batch = _draft()

    assert client.get(_page(batch)).status_code == 200
    assert client.post(_page(batch), {"prompt": "noir"}).status_code == 302
    assert batch.remixes.count() == 1


def test_who_is_not_logged_in_is_asked_to(client: Client) -> None:
    response = client.post(_page(_draft()), {"prompt": "noir"})

    assert "/admin/login/" in response.url  # type: ignore[attr-defined]
    assert not Remix.objects.exists()


def test_confirming_needs_the_token_of_the_page(admin_user: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(admin_user)

    response = client.post(_page(_draft()), {"prompt": "noir"})

    assert response.status_code == 403
    assert not Remix.objects.exists()


def test_an_unknown_batch_is_not_found(admin_client: Client) -> None:
    assert admin_client.get(f"{BATCHES}999/confirm/").status_code == 404


def test_a_large_draft_is_turned_by_pages_of_100_with_all_in_the_total(
    admin_client: Client,
) -> None:
    batch = _draft(*(make_video(title=f"Clip {number}") for number in range(130)))

    first = _text(admin_client, batch)
    second = admin_client.post(_page(batch), {"_page": "2", "prompt": "Half a pro"})

    page = second.content.decode()
    assert (first.count('<th scope="row">'), page.count('<th scope="row">')) == (100, 30)
    assert "Page 1 of 2" in first
    assert "Remix 130 videos for $52.00" in page
    assert "Half a pro" in page


def test_turning_a_page_keeps_what_was_chosen_and_confirms_nothing(
    admin_client: Client, any_endpoint: None
) -> None:
    batch = _draft()
    chosen = {"prompt": "noir", "seed": "7", "size": "1080p", "_page": "1"}

    response = admin_client.post(_page(batch), chosen)

    page = response.content.decode()
    assert 'value="7"' in page
    assert '<option value="1080p" selected>' in page
    assert 'id="id_sharp" checked' not in page
    assert RemixBatch.objects.drafts().exists()
    assert not Remix.objects.exists()


def test_the_page_takes_as_many_queries_for_60_videos_as_for_3(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (3, 60):
        batch = _draft(*(make_video() for _ in range(count)))

        with django_assert_num_queries(4):
            admin_client.get(_page(batch))


def test_no_page_runs_inline_script_or_style(admin_client: Client, any_endpoint: None) -> None:
    make_remix(source=make_video(), result=make_video(), status=Remix.Status.FAILED)
    lists = [f"/admin/sora_remix/{name}/" for name in ("video", "remix", "remixbatch")]

    for url in (*lists, _page(_draft())):
        page = admin_client.get(url).content.decode()

        assert "style=" not in page
        assert "<style" not in page
        assert " onclick=" not in page
        assert "<script>" not in page


def test_the_batches_are_listed_with_what_became_of_them(admin_client: Client) -> None:
    draft, confirmed = _draft(), _draft(make_video(), make_video())
    admin_client.post(_page(confirmed), {"prompt": "noir"})

    page = admin_client.get(BATCHES).content.decode()

    assert f'<a href="{_page(draft)}">draft: look at it and confirm</a>' in page
    assert f'<a href="{_remixes(confirmed)}">confirmed</a>' in page
    assert f'<a href="{_remixes(confirmed)}">2</a>' in page


@pytest.mark.parametrize(("state", "many"), [("draft", 1), ("confirmed", 2), ("typo", 3)])
def test_the_batches_are_filtered_by_state(admin_client: Client, state: str, many: int) -> None:
    for batch in (_draft(), _draft()):
        batch.confirm()
    _draft()

    response = admin_client.get(f"{BATCHES}?state={state}")

    assert response.context["cl"].result_count == many


def test_a_draft_may_be_deleted_and_a_confirmed_batch_never(admin_client: Client) -> None:
    draft, confirmed = _draft(), _draft()
    confirmed.confirm()

    for batch in (draft, confirmed):
        admin_client.post(f"{BATCHES}{batch.pk}/delete/", {"post": "yes"})

    assert list(RemixBatch.objects.all()) == [confirmed]


def test_batches_are_made_only_by_selecting_videos(admin_client: Client) -> None:
    batch = _draft()

    assert admin_client.get(f"{BATCHES}add/").status_code == 403
    assert admin_client.post(f"{BATCHES}{batch.pk}/change/", {}).status_code == 403
    assert admin_client.get(f"{BATCHES}{batch.pk}/change/").status_code == 200


def test_the_list_of_batches_takes_as_many_queries_for_60_rows_as_for_3(
    admin_client: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for count in (3, 57):
        for _ in range(count):
            _draft()

        with django_assert_num_queries(4):
            admin_client.get(BATCHES)
