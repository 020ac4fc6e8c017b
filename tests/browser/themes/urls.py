"""URLs of the example, and those that grappelli's pages ask for."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from example_project.urls import urlpatterns as usual

urlpatterns: list[URLPattern | URLResolver] = [*usual]
if settings.THEME == "grappelli":
    urlpatterns.append(path("grappelli/", include("grappelli.urls")))
