"""How each person wants the pages of the admin to look."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager, retry_conflicts
from .fields import ExactCharField
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User


class GalleryLayout(models.TextChoices):
    """How the list of videos is shown."""

    CARDS = "cards", _("Cards")
    ROWS = "rows", _("Rows")


class PreferenceQuerySet(models.QuerySet["Preference"]):
    def get_gallery_layout(self, user: User) -> GalleryLayout:
        """Return the layout that a person chose, or cards."""
        # `__in` finds nothing for the key None of a user who is not logged in.
        own = self.filter(user__in=[user.pk]).values_list("gallery_layout", flat=True)
        chosen = own.first()
        return GalleryLayout(chosen) if chosen in GalleryLayout.values else GalleryLayout.CARDS

    @retry_conflicts
    def set_gallery_layout(self, user: User, layout: GalleryLayout) -> None:
        """Remember the layout that a person chose."""
        whose: Any = user.pk
        self.update_or_create(user_id=whose, defaults={"gallery_layout": layout})


class Preference(models.Model):
    """The choices of one person. A row outlives its user, whom it no longer names."""

    user = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("user"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        editable=False,
        related_name="+",
    )
    gallery_layout = ExactCharField(
        _("layout of the list of videos"),
        max_length=5,
        choices=GalleryLayout,
        default=GalleryLayout.CARDS,
    )

    objects = PrimaryManager.from_queryset(PreferenceQuerySet)()

    class Meta:
        base_manager_name = "objects"
        default_permissions = ()
        verbose_name = _("preference")
        verbose_name_plural = _("preferences")
        ordering = ("pk",)
        constraints = (
            models.UniqueConstraint(fields=("user",), name="sora_remix_preference_one_per_user"),
        )

    def __str__(self) -> str:
        return str(self.user)
