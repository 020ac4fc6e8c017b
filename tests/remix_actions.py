"""Actions on remixes in the admin."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Permission
from django.test import Client

from sora_remix.models import Remix
from tests.forms import form_with, forms_of
from tests.users import User

LIST = "/admin/sora_remix/remix/"
ACTIONS = {
    "cancel": "cancel_selected",
    "retry": "retry_selected",
    "collect_again": "collect_selected",
}


EDITOR = (
    "view_remix",
    "remix_video",
    "cancel_remix",
    "retry_remix",
    "decide_unconfirmed",
    "view_exchange",
)
"""All that an editor may be allowed to do to remixes."""


def log_in(client: Client, *permissions: str, username: str = "editor") -> User:
    """Log in as an editor with these permissions and no others."""
    user = User.objects.create_user(username, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=permissions))
    client.force_login(user)
    return user


def ask(client: Client, act: str, remixes: Iterable[Remix], query: str = "", **more: str) -> Any:
    """Tick remixes in the list and choose the action."""
    ticked = [str(remix.pk) for remix in remixes]
    data = {"action": ACTIONS[act], "_selected_action": ticked, **more}
    return client.post(LIST + query, data)


def confirm(client: Client, asked: Any) -> Any:
    """Press the button of the page that asks for confirmation."""
    form = form_with(asked, "_terms")
    return client.post(form.action, form.data(), follow=True)


def has_confirm_button(asked: Any) -> bool:
    """Return whether a response is a page that asks for confirmation."""
    return any("_terms" in form.names for form in forms_of(asked))


def history(remix: Remix) -> list[str]:
    """Return the kinds of events by people, oldest first."""
    return list(remix.events.values_list("kind", flat=True))
