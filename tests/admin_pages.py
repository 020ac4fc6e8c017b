"""All pages of an admin site, and rows that make them show all their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core.files.base import ContentFile
from django.db.models import Model
from django.http import HttpRequest
from django.test import Client
from django.urls import include, path, reverse
from django.utils import timezone

from sora_remix.admin import BudgetAdmin, PromptPresetAdmin, RemixAdmin, RemixBatchAdmin, VideoAdmin
from sora_remix.models import Budget, Chain, PromptPreset, Remix, RemixBatch, Video
from sora_remix.models.status import Status
from sora_remix.storage import app_storage
from tests.approved_videos import VTT
from tests.budgets import make_budget
from tests.checkout import make_clip
from tests.factories import make_remix

ADMINS: dict[type[Model], type[admin.ModelAdmin[Any]]] = {
    Video: VideoAdmin,
    Remix: RemixAdmin,
    RemixBatch: RemixBatchAdmin,
    PromptPreset: PromptPresetAdmin,
    Budget: BudgetAdmin,
}
HTML = re.compile(r'(?:href|src|srcset|action|poster|data-[\w-]+)="(/?[^"]*)"')
FILES = ("/static/", "/media/")


class EditorsSite(admin.AdminSite):
    """An admin for users who needn't be staff."""

    def has_permission(self, request: HttpRequest) -> bool:
        return request.user.is_active


@dataclass(frozen=True)
class Walked:
    """Rows of each kind, in states in which their pages offer most."""

    source: Video
    result: Video
    done: Remix
    failed: Remix
    unconfirmed: Remix
    draft: RemixBatch
    batch: RemixBatch
    preset: PromptPreset
    budget: Budget

    def row_of(self, name: str) -> Model:
        """Return the row of the page with this name."""
        model, _, page = name.removeprefix("sora_remix_").partition("_")
        if page in ("give_up", "send_again", "request_id"):
            return self.unconfirmed
        if model == "remixbatch":
            return self.draft if page in ("confirm", "delete") else self.batch
        rows: dict[str, Model] = {
            "video": self.result,
            "remix": self.failed,
            "promptpreset": self.preset,
            "budget": self.budget,
        }
        return rows[model]


def make_site(
    *models: type[Model], name: str = "editors", **other: type[admin.ModelAdmin[Any]]
) -> EditorsSite:
    """Return an admin site for these models; pass other ModelAdmins by model name."""
    site = EditorsSite(name)
    for model in models or ADMINS:
        site.register(model, other.get(model.__name__) or ADMINS[model])
    return site


def urls_with(*sites: tuple[str, admin.AdminSite]) -> ModuleType:
    """Return a URLconf with these admin sites and the URLs of the app."""
    module = ModuleType("urls_of_a_walk")
    vars(module)["urlpatterns"] = [
        *(path(prefix, site.urls) for prefix, site in sites),
        path("sora_remix/", include("sora_remix.urls")),
    ]
    return module


def log_in_editor(client: Client, *codenames: str, **values: Any) -> User:
    """Log in a user who isn't staff; without names, with all permissions of the app."""
    user = User.objects.create_user("editor", is_staff=False, **values)
    own = Permission.objects.filter(content_type__app_label="sora_remix")
    user.user_permissions.set(own.filter(codename__in=codenames) if codenames else own)
    client.force_login(user)
    return user


def make_rows(by: User, word: str = "") -> Walked:
    """Make rows of each kind; sending is paused, so that a notice with a link is shown.

    The word stands before each title and prompt.
    """
    captions = app_storage().save("captions.vtt", ContentFile(VTT))
    files = {"thumbnail": "t.jpg", "captions": captions, "captions_language": "en"}
    clip = {**files, "spritesheet": "s.jpg", "duration": 5}
    source = make_clip(title=f"{word}Sea", **clip)
    result = make_clip(title=f"{word}Noir", **clip)
    batch = RemixBatch.objects.start([source.pk], by=by)
    batch.confirm()
    made: dict[str, Any] = {"source": source, "batch": batch, "endpoint": "flux-3"}
    made["prompt"] = f"{word}noir"
    Chain.objects.update_or_create(
        pk=1, defaults={"held_until": timezone.now() + timedelta(hours=1), "held_because": "quota"}
    )
    return Walked(
        source=source,
        result=result,
        done=make_remix(status=Status.SUCCEEDED, result=result, request_id=f"{word}1", **made),
        failed=make_remix(status=Status.FAILED, request_id=f"{word}2", **made),
        unconfirmed=make_remix(status=Status.UNCONFIRMED, **made),
        draft=RemixBatch.objects.start([source.pk, result.pk], by=by),
        batch=batch,
        budget=Budget.objects.filter(period="day").first() or make_budget(500, period="day"),
        preset=PromptPreset.objects.create(name=f"{word}Noir", text="noir", owner_id=by.pk),
    )


def names_of(*models: type[Model]) -> list[str]:
    """Return the names of all pages of the ModelAdmins of these models."""
    site = make_site(*models)
    admins = (site.get_model_admin(model) for model in models or ADMINS)
    return sorted({one.name for found in admins for one in found.get_urls() if one.name})


def url_of(site: admin.AdminSite, name: str, rows: Walked) -> str:
    """Return the URL of a page on a site, about the row that shows most there."""
    model = ADMINS_BY_NAME[name.split("_")[2]]
    found = next(one for one in site.get_model_admin(model).get_urls() if one.name == name)
    given = {"pk": rows.row_of(name).pk, "object_id": rows.row_of(name).pk, "part": "file"}
    values = {one: given[one] for one in found.pattern.converters}
    query = {
        "sora_remix_video_compare": f"?left={rows.source.pk}&right={rows.result.pk}",
        "sora_remix_remix_progress": f"?batch={rows.batch.pk}",
        "sora_remix_video_review": f"?video={rows.result.pk}&batch={rows.batch.pk}",
        "sora_remix_remix_changelist": f"?batch__id__exact={rows.batch.pk}",
    }
    return reverse(f"{site.name}:{name}", kwargs=values) + query.get(name, "")


def addresses(response: Any) -> Iterator[str]:
    """Yield all addresses in an answer that lead to a page, relative ones left out."""
    if location := response.headers.get("Location"):
        yield location
    if response.headers.get("Content-Type", "").startswith("text/html"):
        for found in HTML.findall(response.content.decode()):
            if found.startswith("/") and found != "/" and not found.startswith(FILES):
                yield found


def content_of(response: Any) -> str:
    """Return what a response sends, also if it is streamed."""
    content: bytes = b"".join(response) if response.streaming else response.content
    return content.decode()


ADMINS_BY_NAME = {str(model._meta.model_name): model for model in ADMINS}
