"""What fal calls, and what players on the site ask for; editors find everything in the admin."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "sora_remix"

urlpatterns = [
    path("webhook/<uuid:key>/", views.webhook, name="webhook"),
    path("video/<str:token>/<str:part>/", views.video, name="video"),
]
"""The doorbell that fal rings when a remix is done, and the files of approved videos, anew."""
