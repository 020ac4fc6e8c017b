"""The site's own models in Django's admin, and its articles."""

from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from example_project.media_files import serve_parts
from tests.sites.clips.admin import ArticleAdmin, ClipAdmin
from tests.sites.clips.models import Article, Clip
from tests.sites.clips.views import article

admin.site.register(Clip, ClipAdmin)
admin.site.register(Article, ArticleAdmin)

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("sora_remix/", include("sora_remix.urls")),
    path("articles/<int:pk>/", article, name="article"),
    path("media/<path:path>", serve_parts, {"document_root": settings.MEDIA_ROOT}),
]
