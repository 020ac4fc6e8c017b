"""Prompts saved under a name for reuse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ..database import PrimaryManager
from .fields import ExactCharField, ExactTextField
from .users import UserForeignKey, forget_user

if TYPE_CHECKING:
    from .users import User


class PromptPresetQuerySet(models.QuerySet["PromptPreset"]):
    def visible_to(self, user: User) -> PromptPresetQuerySet:
        """Keep presets that this user may see: shared ones and their own."""
        shared = Q(is_shared=True)
        return self.filter(shared if user.pk is None else shared | Q(owner_id=user.pk))


class PromptPreset(models.Model):
    """A prompt with a name, for one endpoint or for any."""

    name = ExactCharField(_("name"), max_length=100)
    text = ExactTextField(
        _("prompt"),
        help_text=_(
            "{title} and {seconds} are replaced with each video's title and length in "
            "seconds. To get a brace, type {{ or }}."
        ),
    )
    endpoint = ExactCharField(_("model"), max_length=100, blank=True)
    """Key of the endpoint it is meant for; blank for any."""
    owner = UserForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name=_("owner"),
        on_delete=forget_user,
        db_constraint=False,
        null=True,
        blank=True,
        editable=False,
        related_name="+",
    )
    is_shared = models.BooleanField(
        _("shared"), default=False, help_text=_("Everyone who can remix videos can use it.")
    )
    created_at = models.DateTimeField(_("created at"), auto_now_add=True)

    objects = PrimaryManager.from_queryset(PromptPresetQuerySet)()

    class Meta:
        base_manager_name = "objects"
        verbose_name = _("prompt preset")
        verbose_name_plural = _("prompt presets")
        ordering = ("name", "pk")

    def __str__(self) -> str:
        return self.name
