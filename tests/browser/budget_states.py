"""The pages of budgets, in each state that somebody who may edit them can see."""

from __future__ import annotations

from playwright.sync_api import Page

from sora_remix import services
from tests.budgets import make_budget
from tests.factories import make_video

BUDGETS = "/admin/sora_remix/budget/"


def list_of_budgets(page: Page) -> None:
    """Open the list with a budget of which most is used, and a notice about it."""
    make_budget("0.5")
    services.request_remixes([make_video()], ["noir"])
    page.goto(BUDGETS)
    page.wait_for_selector(".sora-remix-notice")


def add_budget(page: Page) -> None:
    page.goto(f"{BUDGETS}add/")


def change_budget(page: Page) -> None:
    page.goto(f"{BUDGETS}{make_budget(5).pk}/change/")


BUDGET_STATES = {one.__name__: one for one in (list_of_budgets, add_budget, change_budget)}
