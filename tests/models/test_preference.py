"""Each person has preferences of their own."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, transaction

from sora_remix.models import GalleryLayout, Preference
from tests.factories import at_once
from tests.users import User

pytestmark = pytest.mark.django_db


def _user(name: str = "ann") -> User:
    return User.objects.create_user(name)


def test_everybody_starts_with_cards() -> None:
    assert Preference.objects.get_gallery_layout(_user()) == GalleryLayout.CARDS


def test_layout_is_remembered_per_person() -> None:
    ann, bob = _user(), _user("bob")

    Preference.objects.set_gallery_layout(ann, GalleryLayout.ROWS)

    assert Preference.objects.get_gallery_layout(ann) == GalleryLayout.ROWS
    assert Preference.objects.get_gallery_layout(bob) == GalleryLayout.CARDS


def test_second_choice_replaces_the_first() -> None:
    ann = _user()

    for layout in (GalleryLayout.ROWS, GalleryLayout.CARDS):
        Preference.objects.set_gallery_layout(ann, layout)

    assert Preference.objects.get().gallery_layout == GalleryLayout.CARDS


def test_layout_that_this_version_does_not_know_shows_cards() -> None:
    ann = _user()
    Preference.objects.create(user=ann, gallery_layout="map")

    assert Preference.objects.get_gallery_layout(ann) == GalleryLayout.CARDS


def test_person_has_one_row() -> None:
    ann = _user()
    Preference.objects.create(user=ann)

    with pytest.raises(IntegrityError), transaction.atomic():
        Preference.objects.create(user=ann)


def test_rows_of_deleted_users_belong_to_nobody() -> None:
    users = [_user(), _user("bob")]
    for user in users:
        Preference.objects.set_gallery_layout(user, GalleryLayout.ROWS)
        user.delete()

    layout = Preference.objects.get_gallery_layout(AnonymousUser())

    assert layout == GalleryLayout.CARDS
    assert list(Preference.objects.values_list("user", flat=True)) == [None, None]


@pytest.mark.django_db(transaction=True)
def test_choices_at_the_same_time_keep_one_row() -> None:
    ann = _user()

    at_once(lambda: Preference.objects.set_gallery_layout(ann, GalleryLayout.ROWS), times=4)

    assert Preference.objects.get().gallery_layout == GalleryLayout.ROWS
