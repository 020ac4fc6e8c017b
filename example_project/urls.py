"""URLs of the public page, the admin, webhooks, players and local files."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from example_project.media_files import serve_parts
from example_project.views import home

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("admin/", admin.site.urls),
    path("sora_remix/", include("sora_remix.urls")),
    *static(settings.MEDIA_URL, view=serve_parts, document_root=settings.MEDIA_ROOT),
]
