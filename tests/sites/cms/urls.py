"""The app's URLs come before those of django CMS, which answer everything else."""

from django.conf import settings
from django.contrib import admin
from django.urls import include, path

from example_project.media_files import serve_parts

urlpatterns = [
    path("admin/", admin.site.urls),
    path("sora_remix/", include("sora_remix.urls")),
    path("media/<path:path>", serve_parts, {"document_root": settings.MEDIA_ROOT}),
    path("", include("cms.urls")),
]
