"""A site whose only admin isn't the default one, below a language."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

from tests.admin_pages import make_site

urlpatterns = [
    path("sora_remix/", include("sora_remix.urls")),
    *i18n_patterns(path("office/", make_site(name="office").urls)),
]
