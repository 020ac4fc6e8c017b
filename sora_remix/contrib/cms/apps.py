"""The django CMS part as Django sees it."""

from __future__ import annotations

from importlib.util import find_spec
from types import ModuleType

from django.apps import AppConfig
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

MISSING = (
    "INSTALLED_APPS has “sora_remix.contrib.cms”, but django CMS is not installed. Install it "
    "with “pip install 'sora-remix[cms]'”, or remove the app."
)


class SoraRemixCMSConfig(AppConfig):
    name = "sora_remix.contrib.cms"
    label = "sora_remix_cms"
    verbose_name = _("Sora remix in django CMS")

    def __init__(self, app_name: str, app_module: ModuleType | None) -> None:
        if find_spec("cms") is None:
            raise ImproperlyConfigured(MISSING)
        super().__init__(app_name, app_module)
