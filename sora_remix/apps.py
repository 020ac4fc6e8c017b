"""The app as Django sees it."""

from django.apps import AppConfig, apps
from django.db.models.signals import post_migrate, pre_delete
from django.utils.translation import gettext_lazy as _


class SoraRemixConfig(AppConfig):
    name = "sora_remix"
    verbose_name = _("Sora remix")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from . import checks  # noqa: F401  (registers itself)
        from .models import FittedClip, ReferenceImage, Video, delete_files_after_commit

        for model in (FittedClip, ReferenceImage, Video):
            pre_delete.connect(delete_files_after_commit, sender=model)
        if apps.is_installed("django_q"):  # otherwise a system check reports it
            from .tasks import ensure_schedule

            post_migrate.connect(ensure_schedule, sender=self)
