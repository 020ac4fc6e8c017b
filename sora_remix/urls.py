"""URLs for fal's webhooks and for players on the site."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "sora_remix"

urlpatterns = [
    path("webhook/<uuid:key>/", views.webhook, name="webhook"),
    path("video/<str:token>/<str:part>/", views.video, name="video"),
]
"""The webhook that fal calls, and fresh URLs for the files of approved videos."""
