"""The app's URLs have another namespace, as a site may give them."""

from django.urls import include, path

urlpatterns = [path("videos/", include("sora_remix.urls", namespace="videos"))]
