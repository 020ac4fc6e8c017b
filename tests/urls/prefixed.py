"""All URLs start with a language."""

from django.conf.urls.i18n import i18n_patterns
from django.urls import include, path

urlpatterns = i18n_patterns(path("sora_remix/", include("sora_remix.urls")))
