"""The app's URLs under another namespace."""

from django.urls import include, path

urlpatterns = [path("videos/", include("sora_remix.urls", namespace="videos"))]
