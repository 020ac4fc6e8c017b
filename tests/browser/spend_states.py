"""The page about spend, in each state that somebody who may see costs can see."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.contrib.auth.models import Group, User
from django.utils import timezone
from playwright.sync_api import Page

from sora_remix.models import Remix
from tests.factories import make_remix, make_video

SPEND = "/admin/sora_remix/remix/spend/"


def _remixes() -> None:
    """Make remixes of every status and kind of cost, in two months."""
    editor = User.objects.earliest("pk")
    editor.groups.add(Group.objects.create(name="1"), Group.objects.create(name="2"))
    approved = make_video(title="Noir", approval="approved")
    costs = {"calculated_cost": Decimal("0.4"), "requested_by": editor}
    make_remix(status=Remix.Status.SUCCEEDED, result=approved, **costs)
    make_remix(status=Remix.Status.SUCCEEDED, billed_cost=Decimal("1234.5"), **costs)
    for status in Remix.Status.values:
        make_remix(status=status, estimated_cost=Decimal("0.4"))
    make_remix(status=Remix.Status.UNCONFIRMED)
    early = timezone.now() - timedelta(days=70)
    Remix.objects.filter(pk__in=Remix.objects.values("pk")[:3]).update(created_at=early)


def spend_by_month(page: Page) -> None:
    _remixes()
    page.goto(SPEND)
    page.click(".sora-remix-spend-notes > summary")


def spend_by_group(page: Page) -> None:
    _remixes()
    page.goto(f"{SPEND}?group=group")
    page.click(".sora-remix-spend-notes > summary")


def spend_on_failures_by_video(page: Page) -> None:
    _remixes()
    page.goto(f"{SPEND}?group=video&failed=on")


def spend_with_wrong_filters(page: Page) -> None:
    page.goto(f"{SPEND}?start=31.2.2026&end=2026-11-29&person=4711")
    assert page.locator(".errorlist").count() == 2


def spend_without_remixes(page: Page) -> None:
    page.goto(SPEND)


SPEND_STATES = {
    one.__name__: one
    for one in (
        spend_by_month,
        spend_by_group,
        spend_on_failures_by_video,
        spend_with_wrong_filters,
        spend_without_remixes,
    )
}
