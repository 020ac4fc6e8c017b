"""The admin, what fal calls, and the files that the local storage keeps."""

from django.conf import settings
from django.conf.urls.static import static
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from .media_files import serve_parts

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("sora_remix/", include("sora_remix.urls")),
    *static(settings.MEDIA_URL, view=serve_parts, document_root=settings.MEDIA_ROOT),
]
