"""URLs of the example, of uploads, and those that grappelli's pages ask for."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from example_project.media_files import serve_parts
from example_project.urls import urlpatterns as usual

urlpatterns: list[URLPattern | URLResolver] = [
    *usual,
    path("media/<path:path>", serve_parts, {"document_root": settings.MEDIA_ROOT}),
]
if getattr(settings, "THEME", "") == "grappelli":
    urlpatterns.append(path("grappelli/", include("grappelli.urls")))
