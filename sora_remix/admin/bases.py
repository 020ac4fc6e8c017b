"""The class that the app's ModelAdmins derive from: that of the admin's theme, or Django's."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.apps import apps
from django.contrib import admin

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
elif apps.is_installed("unfold"):
    # Its templates need what its own ModelAdmin passes to them; Django's shows bare fields.
    from unfold.admin import ModelAdmin
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["ModelAdmin"]
