"""The site's own app."""

from django.apps import AppConfig


class WagtailSiteConfig(AppConfig):
    name = "tests.sites.wagtail"
    label = "wagtail_site"
    default_auto_field = "django.db.models.BigAutoField"
