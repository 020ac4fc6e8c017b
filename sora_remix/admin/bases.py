"""What the app's ModelAdmins derive from: the class of the admin's theme, or Django's."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.contrib import admin
from django.db import DatabaseError
from django.http import HttpRequest

from ..database import is_conflict

if TYPE_CHECKING:
    ModelAdmin = admin.ModelAdmin
elif apps.is_installed("unfold"):
    # Its templates need what its own ModelAdmin passes to them; Django's shows bare fields.
    from unfold.admin import ModelAdmin
else:
    ModelAdmin = admin.ModelAdmin

__all__ = ["ModelAdmin", "ValidatedAgainMixin"]

TRIES = 5
"""How often a form is saved while others change the same rows."""


class ValidatedAgainMixin:
    """Show an error of the form where another person has saved the same at the same moment."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Validate and save again after a conflict: the form sees now what was saved first.

        An uploaded file can't be read a second time.
        """
        view = super().changeform_view  # type: ignore[misc]
        for _ in range(TRIES - 1):
            try:
                return view(request, *args, **kwargs)
            except DatabaseError as error:
                if request.FILES or not is_conflict(error):
                    raise
            time.sleep(random.uniform(0.01, 0.1))  # noqa: S311  (only to desynchronise)
        return view(request, *args, **kwargs)
