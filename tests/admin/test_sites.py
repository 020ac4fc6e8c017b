"""Our pages link only within their admin site."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from sora_remix.admin import VideoAdmin
from sora_remix.models import Remix, RemixBatch, Video
from tests.admin_pages import (
    ADMINS,
    Walked,
    addresses,
    log_in_editor,
    make_rows,
    make_site,
    names_of,
    url_of,
    urls_with,
)
from tests.forms import submit

pytestmark = pytest.mark.django_db

SUBSETS = [few for many in (1, 2, 3) for few in combinations(ADMINS, many)]
beside = make_site()
BESIDE = urls_with(("admin/", admin.site), ("editors/", beside))
alone = make_site()
ALONE = urls_with(("editors/", alone))


@pytest.fixture(params=[(BESIDE, beside), (ALONE, alone)], ids=["beside", "alone"])
def site(request: pytest.FixtureRequest, settings: Any) -> admin.AdminSite:
    """A site for editors, beside the default one or without it."""
    settings.ROOT_URLCONF, found = request.param
    assert isinstance(found, admin.AdminSite)
    return found


@pytest.mark.parametrize("name", names_of())
def test_page_links_only_within_its_site(client: Client, site: admin.AdminSite, name: str) -> None:
    rows = make_rows(log_in_editor(client))

    response = client.get(url_of(site, name, rows))

    assert response.status_code in (200, 302, 403, 405)
    own = ("/editors/", "/media/")
    assert [one for one in addresses(response) if not one.startswith(own)] == []
    assert response.streaming or b'href=""' not in response.content


POSTS: dict[str, Callable[[Walked], tuple[str, tuple[Any, ...], dict[str, Any]]]] = {
    "order": lambda rows: (
        "video_changelist",
        (),
        {"action": "remix_selected", "_selected_action": [rows.source.pk]},
    ),
    "compare videos": lambda rows: (
        "video_changelist",
        (),
        {"action": "compare_selected", "_selected_action": [rows.source.pk, rows.result.pk]},
    ),
    "ask to approve": lambda rows: (
        "video_changelist",
        (),
        {"action": "approve_selected", "_selected_action": [rows.result.pk]},
    ),
    "approve nothing": lambda rows: ("video_approve", (), {"videos": ""}),
    "remix from the tree": lambda rows: ("video_remix", (), {"video": rows.source.pk}),
    "compare remixes": lambda rows: (
        "remix_changelist",
        (),
        {"action": "compare_selected", "_selected_action": [rows.done.pk]},
    ),
    "ask to retry": lambda rows: (
        "remix_changelist",
        (),
        {"action": "retry_selected", "_selected_action": [rows.failed.pk]},
    ),
    "collect one": lambda rows: ("remix_collect_again", (rows.failed.pk,), {"_terms": ""}),
    "collect many": lambda rows: (
        "remix_collect_again",
        (),
        {"remixes": rows.failed.pk, "_terms": ""},
    ),
    "give up": lambda rows: ("remix_give_up", (rows.unconfirmed.pk,), {"_terms": ""}),
    "enter an id": lambda rows: (
        "remix_request_id",
        (rows.unconfirmed.pk,),
        {"request_id": "fal-7"},
    ),
    "resume": lambda rows: ("remix_resume", (), {"next": ""}),
    "cells to cancel": lambda rows: (
        "remixbatch_cells",
        (rows.batch.pk,),
        {"action": "collect_again", "cell": [rows.failed.pk]},
    ),
    "cells to compare": lambda rows: (
        "remixbatch_cells",
        (rows.batch.pk,),
        {"action": "compare", "cell": [rows.done.pk]},
    ),
    "cells further": lambda rows: (
        "remixbatch_cells",
        (rows.batch.pk,),
        {"action": "further", "cell": [rows.done.pk]},
    ),
    "no cells": lambda rows: ("remixbatch_cells", (rows.batch.pk,), {"action": "further"}),
    "confirm": lambda rows: ("remixbatch_confirm", (rows.draft.pk,), {"prompt": "noir"}),
    "confirm again": lambda rows: ("remixbatch_confirm", (rows.batch.pk,), {}),
}


@pytest.mark.parametrize("what", POSTS)
def test_actions_redirect_within_their_site(
    client: Client, site: admin.AdminSite, what: str
) -> None:
    rows = make_rows(log_in_editor(client))
    name, pks, data = POSTS[what](rows)

    response = client.post(reverse(f"editors:sora_remix_{name}", args=pks), data)
    followed = client.get(response["Location"]) if response.status_code == 302 else response

    assert followed.status_code in (200, 404)
    found = [*addresses(response), *addresses(followed)]
    assert found
    assert [one for one in found if not one.startswith("/editors/")] == []


BUTTONS = {"video/": "", "video/review/": "decision=approve"}


@pytest.mark.parametrize("page", BUTTONS)
def test_decision_redirects_within_its_site(
    client: Client, site: admin.AdminSite, page: str
) -> None:
    rows = make_rows(log_in_editor(client))
    ticked = {"action": "approve_selected", "_selected_action": [rows.result.pk]}
    url = f"/editors/sora_remix/{page}"

    asked = client.get(url) if "review" in page else client.post(url, ticked)
    done = submit(client, asked, {"note": ""}, BUTTONS[page], follow=True)

    assert done.status_code == 200
    found = [*addresses(asked), *addresses(done), *(one for one, _ in done.redirect_chain)]
    assert [one for one in found if not one.startswith("/editors/")] == []
    assert Video.objects.approved().count() == 1


@pytest.mark.parametrize("name", names_of())
def test_anonymous_user_is_redirected_to_the_login_of_the_site(
    client: Client, settings: Any, name: str
) -> None:
    settings.ROOT_URLCONF = BESIDE
    rows = make_rows(User(pk=1))

    response = client.get(url_of(beside, name, rows))

    assert response["Location"].startswith("/editors/login/?next=/editors/")


@pytest.mark.parametrize(
    "models", SUBSETS, ids=lambda models: "-".join(str(one._meta.model_name) for one in models)
)
def test_site_without_some_models_shows_text_instead_of_links(
    client: Client, settings: Any, models: tuple[type[Model], ...]
) -> None:
    part = make_site(*models)
    settings.ROOT_URLCONF = urls_with(("admin/", admin.site), ("editors/", part))
    rows = make_rows(log_in_editor(client))

    for name in names_of(*models):
        response = client.get(url_of(part, name, rows))

        assert response.status_code in (200, 302, 403, 405), name
        found = [one for one in addresses(response) if not one.startswith(("/editors/", "/media/"))]
        assert (name, found) == (name, [])
        has_empty = not response.streaming and b'href=""' in response.content
        assert (name, has_empty) == (name, False)


def test_selection_can_be_remixed_only_where_batches_are_registered(
    client: Client, settings: Any
) -> None:
    part = make_site(Video, Remix)
    settings.ROOT_URLCONF = urls_with(("editors/", part))
    rows = make_rows(log_in_editor(client))

    page = client.get("/editors/sora_remix/video/").content.decode()
    tree = client.get(f"/editors/sora_remix/video/{rows.source.pk}/tree/").content.decode()
    drafts = RemixBatch.objects.count()
    sent = client.post("/editors/sora_remix/video/remix/", {"video": rows.source.pk})

    assert "remix_selected" not in page
    assert "approve_selected" in page
    assert 'name="video"' not in tree
    assert (sent.status_code, RemixBatch.objects.count()) == (403, drafts)


class MyVideoAdmin(VideoAdmin):
    """A host's own."""

    ordering = ("title",)


def test_subclassed_admin_has_all_pages(client: Client, settings: Any) -> None:
    own = make_site(Video=MyVideoAdmin)
    settings.ROOT_URLCONF = urls_with(("editors/", own))
    rows = make_rows(log_in_editor(client))

    for name in names_of(Video):
        response = client.get(url_of(own, name, rows))
        assert (name, response.status_code in (200, 302, 405)) == (name, True)


def test_kept_input_is_shown_again_on_its_site(client: Client, settings: Any) -> None:
    settings.ROOT_URLCONF = BESIDE
    user = log_in_editor(client)
    rows = make_rows(user)
    url = reverse("editors:sora_remix_remixbatch_confirm", args=[rows.draft.pk])
    client.logout()

    refused = client.post(url, {"prompt": "make it gold", "_numbers": "1"})
    client.force_login(user)
    shown = client.get(url)

    assert refused["Location"] == f"/editors/login/?next={url}"
    assert "make it gold" in shown.content.decode()


OFFICE_PAGES: dict[str, Callable[[Walked], str]] = {
    "videos": lambda rows: "video/",
    "video": lambda rows: f"video/{rows.result.pk}/change/",
    "tree": lambda rows: f"video/{rows.source.pk}/tree/",
    "review": lambda rows: f"video/review/?video={rows.result.pk}",
    "remixes": lambda rows: "remix/",
    "remix": lambda rows: f"remix/{rows.failed.pk}/change/",
    "history": lambda rows: f"remix/{rows.failed.pk}/history/",
    "grid": lambda rows: f"remixbatch/{rows.batch.pk}/change/",
    "confirm": lambda rows: f"remixbatch/{rows.draft.pk}/confirm/",
}


@pytest.mark.parametrize("page", OFFICE_PAGES)
@pytest.mark.parametrize("language", ["en", "de"])
def test_links_keep_the_language_of_an_admin_under_i18n_patterns(
    client: Client, settings: Any, language: str, page: str
) -> None:
    settings.ROOT_URLCONF = "tests.urls_of_an_admin_by_language"
    rows = make_rows(log_in_editor(client, is_superuser=True))
    prefix = f"/{language}/office/"
    url = f"{prefix}sora_remix/{OFFICE_PAGES[page](rows)}"

    response = client.get(url, headers={"accept-language": language})

    found = [*addresses(response)]
    assert response.status_code == 200
    assert found
    assert [one for one in found if not one.startswith((prefix, "/media/"))] == []


@pytest.mark.parametrize("language", ["en", "de"])
def test_remixing_starts_in_the_language_of_the_admin(
    client: Client, settings: Any, language: str
) -> None:
    settings.ROOT_URLCONF = "tests.urls_of_an_admin_by_language"
    rows = make_rows(log_in_editor(client, is_superuser=True))

    started = client.post(
        f"/{language}/office/sora_remix/video/remix/",
        {"video": rows.source.pk},
        headers={"accept-language": language},
    )

    draft = RemixBatch.objects.latest("pk")
    path = f"/{language}/office/sora_remix/remixbatch/{draft.pk}/confirm/"
    assert started["Location"] == path
