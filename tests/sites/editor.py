"""An editor in the admin, as Django's test client."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import translation

from sora_remix.models import BudgetPeriod, Remix, Video
from tests import checkout
from tests.forms import form_with
from tests.html import errors
from tests.processes import wait_until
from tests.users import User

LISTS = ("video", "remix", "remixbatch", "promptpreset", "budget")
PROMPT = "make it noir 🔥"


class Editor:
    """Goes from page to page as a browser does; a page that breaks raises."""

    def __init__(self) -> None:
        """Sign in, and wait until the site can read the session."""
        with translation.override("de"):  # where URLs have a language, it is another than usual
            self._admin = reverse("admin:index").rstrip("/")
        self._user, _ = User.objects.get_or_create(
            username="editor", defaults={"is_staff": True, "is_superuser": True}
        )
        self.client = Client()
        self.client.force_login(self._user)
        # A request before that would be nobody's: Django creates a session empty, then fills it.
        wait_until(lambda: SESSION_KEY in self.client.session)
        wait_until(lambda: User.objects.filter(pk=self._user.pk).exists())

    def upload(self, clip: Path) -> None:
        """Upload a clip."""
        file = SimpleUploadedFile("clip.mp4", clip.read_bytes(), "video/mp4")
        page = self._go(f"{self._admin}/sora_remix/video/add/", {"title": "Sea", "file": file})
        assert not errors(page), errors(page)

    def set_budgets(self) -> None:
        """Set a budget for the site, for a group, and for the own person."""
        group, _ = Group.objects.get_or_create(name="Film")
        self._user.groups.add(group)
        wait_until(lambda: group.user_set.exists())
        add = f"{self._admin}/sora_remix/budget/add/"
        for owner in ({}, {"group": group.pk}, {"user": self._user.pk}):
            self._go(add, {"group": "", "user": "", "period": "month", "amount": "50", **owner})

    def remix(self) -> Remix:
        """Tick the only video, type a prompt, recalculate the cost, and confirm."""
        ticked = {"action": "remix_selected", "_selected_action": [Video.objects.get().pk]}
        draft = self._go(f"{self._admin}/sora_remix/video/", ticked)
        url = draft.redirect_chain[-1][0]
        typed = {**checkout.filled_in(draft), "prompt": PROMPT}
        shown = self._go(url, {**typed, "_recalculate": "1"})
        print("The page says:", _cost(shown))
        self._go(url, {**checkout.filled_in(shown), "prompt": PROMPT})
        return Remix.objects.get()

    def look_around(self, remix: Remix) -> None:
        """Open the pages of the remix, and approve its result."""
        admin = f"{self._admin}/sora_remix"
        assert BudgetPeriod.objects.filter(used_millionths__gt=0).count() == 3
        preset = {"name": "Noir 🎉", "text": PROMPT, "endpoint": ""}
        self._go(f"{admin}/promptpreset/add/", preset)
        for one in LISTS:
            self._go(f"{admin}/{one}/")
        result = remix.result_id
        for path in (
            f"remix/{remix.pk}/change/",
            f"remix/{remix.pk}/history/",
            f"remixbatch/{remix.batch_id}/change/",
            f"remix/?batch__id__exact={remix.batch_id}",
            f"remix/progress/?batch={remix.batch_id}",
            f"video/{result}/change/",
            f"video/{result}/tree/",
        ):
            self._go(f"{admin}/{path}")
        review = f"{admin}/video/review/?video={result}"
        form = form_with(self._go(review), "decision")
        self._go(form.action, form.data(button="decision=approve"))

    def leave(self) -> None:
        """Delete the own account, as far as the admin is concerned."""
        users = f"{self._admin}/{User._meta.app_label}/{User._meta.model_name}"
        self.client.post(f"{users}/{self._user.pk}/delete/", {"post": "yes"})
        assert not User.objects.using("default").filter(pk=self._user.pk).exists()

    def _go(self, path: str, data: Any = None) -> Any:
        response = self.client.post(path, data, follow=True) if data else self.client.get(path)
        assert response.status_code == 200, f"{path}: HTTP {response.status_code}"
        assert response.wsgi_request.user.is_authenticated, f"{path}: signed out"
        return response


def _cost(response: Any) -> str:
    found = re.search(r'id="sora-remix-total">([^<]*)<', response.content.decode())
    assert found and "$" in found[1], "the page does not say what it costs"
    return found[1]
