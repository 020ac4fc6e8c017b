"""A separate admin whose URLs start with the language, unless it is the default."""

from django.conf import settings
from django.conf.urls.i18n import i18n_patterns
from django.conf.urls.static import static
from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin
from django.urls import URLPattern, URLResolver, include, path

from example_project.media_files import serve_parts
from example_project.views import home
from tests.sites.clips.admin import ArticleAdmin, ClipAdmin
from tests.sites.clips.models import Article, Clip
from tests.sites.clips.views import article


class Desk(admin.AdminSite):
    """Where this site's editors work; what others registered for the usual admin is here too."""

    site_header = "Desk"


desk = Desk(name="desk")
for model, model_admin in admin.site._registry.items():
    desk.register(model, type(model_admin))
desk.register(get_user_model(), UserAdmin)
desk.register(Article, ArticleAdmin)
desk.register(Clip, ClipAdmin)

urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("articles/<int:pk>/", article, name="article"),
    path("sora_remix/", include("sora_remix.urls")),
    *static(settings.MEDIA_URL, view=serve_parts, document_root=settings.MEDIA_ROOT),
    *i18n_patterns(path("admin/", desk.urls), prefix_default_language=False),
]
