"""The site's own app."""

from django.apps import AppConfig


class CMSSiteConfig(AppConfig):
    name = "tests.sites.cms"
    label = "cms_site"
