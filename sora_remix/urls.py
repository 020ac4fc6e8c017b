"""What fal calls; people find everything in the admin."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "sora_remix"

urlpatterns = [path("webhook/<uuid:key>/", views.webhook, name="webhook")]
