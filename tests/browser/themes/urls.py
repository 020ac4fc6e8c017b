"""URLs of the site with clips, and those that grappelli's pages ask for."""

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from tests.sites.clips.urls import urlpatterns as usual

urlpatterns: list[URLPattern | URLResolver] = [*usual]
if getattr(settings, "THEME", "") == "grappelli":
    urlpatterns.append(path("grappelli/", include("grappelli.urls")))
